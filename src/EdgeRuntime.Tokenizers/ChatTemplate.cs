using System;
using System.Collections.Generic;
using System.Text.Json.Nodes;
using EdgeRuntime.Tokenizers.Templates.Library;
using EdgeRuntime.Tokenizers.Templates.Syntax;
using EdgeRuntime.Tokenizers.Templates.Values;

namespace EdgeRuntime.Tokenizers;

/// <summary>
/// A model's own chat template (Jinja), parsed once. Immutable and safe to use from many threads. A template comes out of a downloaded
/// file: what it may nest, repeat and write is limited, and it reaches nothing but the variables it is given.
/// </summary>
/// <remarks>
/// Semantics: Jinja2 3.1 with the settings of HF transformers (trim_blocks, lstrip_blocks, immutable sandbox, loop controls). Whole
/// numbers have 128 bits; filters for web pages (<c>urlize</c>, <c>xmlattr</c>), for debugging or of chance are left out.
/// </remarks>
public sealed class ChatTemplate
{
    private readonly Statement[] _body;

    private ChatTemplate(Statement[] body) => _body = body;

    /// <summary>Parses a template.</summary>
    /// <exception cref="ChatTemplateException">Not a template that this engine takes: says where and why.</exception>
    public static ChatTemplate Parse(string source)
    {
        ArgumentNullException.ThrowIfNull(source);
        try
        {
            return new ChatTemplate(Parser.Parse(source));
        }
        catch (TemplateException error)
        {
            throw ChatTemplateException.Of(error.Message, error.Line);
        }
    }

    /// <summary>Renders the template.</summary>
    /// <param name="variables">messages, tools, documents, add_generation_prompt, bos_token, eos_token ... as JSON values.</param>
    /// <param name="now">The time that <c>strftime_now</c> sees; null for the clock.</param>
    /// <exception cref="ChatTemplateException">The template raised an error or asked for what does not exist.</exception>
    public string Render(JsonObject variables, DateTimeOffset? now = null) => Run(variables, now, TemplateLimits.Steps).ToString();

    /// <summary>Renders the template and says which parts of the text came from the variables.</summary>
    /// <param name="variables">
    /// messages, tools, documents, add_generation_prompt, bos_token, eos_token ... as JSON values. All strings are data, keys included, but
    /// for the roles that templates know (<c>user</c>, <c>assistant</c> ...) and variables whose name ends in <c>_token</c>.
    /// </param>
    /// <param name="now">The time that <c>strftime_now</c> sees; null for the clock.</param>
    /// <returns>The text that <c>Render</c> gives, for <see cref="Tokenizer.Encode(PromptText, bool)"/>.</returns>
    /// <exception cref="ChatTemplateException">The template raised an error or asked for what does not exist.</exception>
    public PromptText RenderPrompt(JsonObject variables, DateTimeOffset? now = null) =>
        Prompt(Run(variables, now, TemplateLimits.Steps));

    /// <summary>Renders a conversation.</summary>
    /// <inheritdoc cref="RenderPrompt(IReadOnlyList{ChatMessage}, bool, string, string, DateTimeOffset?)"/>
    public string RenderMessages(
        IReadOnlyList<ChatMessage> messages,
        bool addGenerationPrompt = true,
        string? bosToken = null,
        string? eosToken = null,
        DateTimeOffset? now = null) => RenderPrompt(messages, addGenerationPrompt, bosToken, eosToken, now).Text;

    /// <summary>Renders a conversation and says which parts of the text are what the messages say.</summary>
    /// <param name="messages">The messages, oldest first.</param>
    /// <param name="addGenerationPrompt">Whether the text ends with what starts the assistant's answer.</param>
    /// <param name="bosToken">The piece of the vocabulary's first token; null where it has none.</param>
    /// <param name="eosToken">The piece of the vocabulary's last token; null where it has none.</param>
    /// <param name="now">The time that <c>strftime_now</c> sees; null for the clock.</param>
    /// <exception cref="ChatTemplateException">The template refuses the conversation, for example for the order of its roles.</exception>
    public PromptText RenderPrompt(
        IReadOnlyList<ChatMessage> messages,
        bool addGenerationPrompt = true,
        string? bosToken = null,
        string? eosToken = null,
        DateTimeOffset? now = null)
    {
        ArgumentNullException.ThrowIfNull(messages);
        var list = new JsonArray();
        foreach (ChatMessage message in messages)
        {
            list.Add((JsonNode)new JsonObject { ["role"] = message.Role, ["content"] = message.Content });
        }

        return RenderPrompt(
            new JsonObject
            {
                ["messages"] = list,
                ["add_generation_prompt"] = addGenerationPrompt,
                ["bos_token"] = bosToken ?? "",
                ["eos_token"] = eosToken ?? "",
            },
            now);
    }

    /// <summary>Runs the template within a limit of steps; the output is what it wrote.</summary>
    internal TextSink Run(JsonObject variables, DateTimeOffset? now, int steps)
    {
        ArgumentNullException.ThrowIfNull(variables);
        Scope scope = Globals.NewScope();
        var context = new RenderContext(scope, now ?? DateTimeOffset.Now, Methods.Find, steps);
        try
        {
            foreach (KeyValuePair<string, JsonNode?> variable in variables)
            {
                scope.Set(variable.Key, JsonInput.ToVariable(variable.Key, variable.Value));
            }

            _body.Execute(context);
            return context.Output;
        }
        catch (TemplateException error)
        {
            throw ChatTemplateException.Of(error.Message, error.Line > 0 ? error.Line : context.Line);
        }
    }

    private static PromptText Prompt(TextSink output)
    {
        var data = new TextRange[output.Data.Count];
        for (int i = 0; i < data.Length; i++)
        {
            data[i] = new TextRange(output.Data[i].Start, output.Data[i].End);
        }

        return new PromptText(output.ToString(), data);
    }
}
