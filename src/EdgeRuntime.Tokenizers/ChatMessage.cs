namespace EdgeRuntime.Tokenizers;

/// <summary>One message of a conversation, as chat templates know it.</summary>
/// <param name="Role"><c>system</c>, <c>user</c>, <c>assistant</c>, <c>tool</c> or what the template knows besides.</param>
/// <param name="Content">The message's text.</param>
public sealed record ChatMessage(string Role, string Content);
