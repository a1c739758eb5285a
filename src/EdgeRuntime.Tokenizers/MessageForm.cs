namespace EdgeRuntime;

/// <summary>Describes the parts of messages that chat templates read in different forms.</summary>
/// <param name="ArgumentsAreObjects">
/// Whether arguments of tool calls that are JSON objects become mappings. If false, and for all other arguments, they remain text.
/// </param>
/// <param name="ReasoningIsThinking">
/// Whether the reasoning is the field <c>thinking</c>, as with gpt-oss. If false, it is <c>reasoning_content</c>.
/// </param>
internal readonly record struct MessageForm(bool ArgumentsAreObjects, bool ReasoningIsThinking)
{
    /// <summary>Gets the form of OpenAI's API.</summary>
    public static MessageForm Standard => default;
}
