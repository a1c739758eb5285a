using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.Json.Nodes;
using System.Threading;
using EdgeRuntime.Templates.Library;
using EdgeRuntime.Templates.Syntax;
using EdgeRuntime.Templates.Values;

namespace EdgeRuntime;

/// <summary>
/// Represents the chat template of a model (Jinja) in parsed form. Immutable and thread-safe. A template comes from a downloaded file: its
/// nesting, its computation and its output are limited, and it can access nothing except its variables.
/// </summary>
/// <remarks>
/// The semantics are those of Jinja2 3.1 with the settings of HF transformers (trim_blocks, lstrip_blocks, immutable sandbox, loop
/// controls). Integers have 128 bits. Filters for HTML pages (<c>urlize</c>, <c>xmlattr</c>), debugging and random choice are not
/// supported.
/// </remarks>
/// <example>
/// <code>
/// string prompt = model.ChatTemplate!.RenderMessages([ModelMessage.User("Hello!")]);
/// Console.WriteLine(prompt);
/// </code>
/// </example>
public sealed class ChatTemplate
{
    private readonly Statement[] _body;
    private readonly Lazy<TemplateAbilities> _abilities;

    private ChatTemplate(string source, Statement[] body)
    {
        Source = source;
        _body = body;
        _abilities = new Lazy<TemplateAbilities>(() => TemplateAbilities.Of(this), LazyThreadSafetyMode.PublicationOnly);
    }

    /// <summary>Gets a value indicating whether the template describes tools to the model. If false, it ignores them.</summary>
    public bool SupportsTools => _abilities.Value.DescribesTools;

    /// <summary>Gets a value indicating whether the template shows the calls of a message. If false, only its content can.</summary>
    internal bool ShowsCalls => _abilities.Value.ShowsCalls;

    /// <summary>Gets the text of the template.</summary>
    internal string Source { get; }

    /// <summary>Parses a template.</summary>
    /// <exception cref="ChatTemplateException">
    /// The template is invalid or uses unsupported features; the message gives the place and the reason.
    /// </exception>
    public static ChatTemplate Parse(string source)
    {
        ArgumentNullException.ThrowIfNull(source);
        try
        {
            return new ChatTemplate(source, Parser.Parse(source));
        }
        catch (TemplateException error)
        {
            throw ChatTemplateException.Of(error.Message, error.Line);
        }
    }

    /// <summary>
    /// Reads the default chat template of a model folder in Hugging Face's layout: that of <c>tokenizer_config.json</c>, or else
    /// <c>chat_template.jinja</c>, or else <c>chat_template.json</c>.
    /// </summary>
    /// <param name="folder">The path of the folder.</param>
    /// <returns>The template; null if the folder has none.</returns>
    /// <exception cref="ChatTemplateException">The template is invalid or uses unsupported features.</exception>
    /// <exception cref="ModelFormatException">A file is damaged.</exception>
    /// <exception cref="System.IO.IOException">A file can't be read.</exception>
    public static ChatTemplate? FromHuggingFace(string folder)
    {
        ArgumentNullException.ThrowIfNull(folder);
        return HuggingFaceVocabulary.ReadTemplate(folder) is { } source ? Parse(source) : null;
    }

    /// <summary>Renders the template.</summary>
    /// <param name="variables">
    /// The variables as JSON values: messages, tools, documents, add_generation_prompt, bos_token, eos_token and others.
    /// </param>
    /// <param name="now">The time for <c>strftime_now</c>; null for the system clock.</param>
    /// <exception cref="ChatTemplateException">The template raised an error or used something that does not exist.</exception>
    public string Render(JsonObject variables, DateTimeOffset? now = null) => Run(variables, now, TemplateLimits.Steps).ToString();

    /// <summary>Renders the template and records which parts of the text came from the variables.</summary>
    /// <param name="variables">
    /// The variables as JSON values: messages, tools, documents, add_generation_prompt, bos_token, eos_token and others. All strings
    /// including keys are data, except the roles that templates know (<c>user</c>, <c>assistant</c> and others) and variables whose name
    /// ends in <c>_token</c>.
    /// </param>
    /// <param name="now">The time for <c>strftime_now</c>; null for the system clock.</param>
    /// <returns>The same text as from <c>Render</c>, for <see cref="Tokenizer.Encode(PromptText, bool)"/>.</returns>
    /// <exception cref="ChatTemplateException">The template raised an error or used something that does not exist.</exception>
    public PromptText RenderPrompt(JsonObject variables, DateTimeOffset? now = null) =>
        Prompt(Run(variables, now, TemplateLimits.Steps));

    /// <summary>Renders a conversation.</summary>
    /// <inheritdoc
    /// cref="RenderPrompt(IReadOnlyList{ModelMessage}, IReadOnlyList{ToolDefinition}, bool, string, string, DateTimeOffset?)"/>
    public string RenderMessages(
        IReadOnlyList<ModelMessage> messages,
        IReadOnlyList<ToolDefinition>? tools = null,
        bool addGenerationPrompt = true,
        string? bosToken = null,
        string? eosToken = null,
        DateTimeOffset? now = null) => RenderPrompt(messages, tools, addGenerationPrompt, bosToken, eosToken, now).Text;

    /// <summary>Renders a conversation and records which parts of the text came from the messages and tools.</summary>
    /// <param name="messages">The messages, oldest first.</param>
    /// <param name="tools">The tools that the model may call, or null for none. See <see cref="SupportsTools"/>.</param>
    /// <param name="addGenerationPrompt">Whether to append the beginning of the assistant's answer. The default is true.</param>
    /// <param name="bosToken">The piece of the BOS token; null if the vocabulary has none.</param>
    /// <param name="eosToken">The piece of the EOS token; null if the vocabulary has none.</param>
    /// <param name="now">The time for <c>strftime_now</c>; null for the system clock.</param>
    /// <exception cref="ChatTemplateException">
    /// The template rejects the conversation, for example because of the order of its roles.
    /// </exception>
    public PromptText RenderPrompt(
        IReadOnlyList<ModelMessage> messages,
        IReadOnlyList<ToolDefinition>? tools = null,
        bool addGenerationPrompt = true,
        string? bosToken = null,
        string? eosToken = null,
        DateTimeOffset? now = null)
    {
        ArgumentNullException.ThrowIfNull(messages);
        JsonObject variables = ToVariables(messages, tools, addGenerationPrompt);
        variables["bos_token"] = bosToken ?? "";
        variables["eos_token"] = eosToken ?? "";
        return RenderPrompt(variables, now);
    }

    /// <summary>Creates the variables for a conversation, with the arguments of tool calls as the template expects them.</summary>
    internal JsonObject ToVariables(
        IReadOnlyList<ModelMessage> messages, IReadOnlyList<ToolDefinition>? tools, bool addGenerationPrompt) =>
        MessageJson.ToVariables(
            messages,
            tools,
            addGenerationPrompt,
            messages.Any(message => message.ToolCalls.Count > 0 || message.Reasoning is not null)
                ? _abilities.Value.Form
                : MessageForm.Standard);

    /// <summary>Runs the template with a limit of steps and returns its output.</summary>
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

        return PromptText.OfNormalized(output.ToString(), data);
    }
}
