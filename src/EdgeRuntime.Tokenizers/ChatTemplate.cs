using System;
using System.Text.Json.Nodes;

namespace EdgeRuntime.Tokenizers;

/// <summary>A model's own chat template (Jinja), parsed once. Immutable and safe to use from many threads.</summary>
public sealed class ChatTemplate
{
    private ChatTemplate() => throw new NotImplementedException();

    /// <summary>Parses a template.</summary>
    /// <exception cref="ChatTemplateException">Not a template that this engine takes: says where and why.</exception>
    public static ChatTemplate Parse(string source) => throw new NotImplementedException(source);

    /// <summary>Renders the template.</summary>
    /// <param name="variables">messages, tools, documents, add_generation_prompt, bos_token, eos_token ... as JSON values.</param>
    /// <param name="now">The time that <c>strftime_now</c> sees; null for the clock.</param>
    /// <exception cref="ChatTemplateException">The template raised an error or asked for what does not exist.</exception>
    public string Render(JsonObject variables, DateTimeOffset? now = null) => throw new NotImplementedException();
}
