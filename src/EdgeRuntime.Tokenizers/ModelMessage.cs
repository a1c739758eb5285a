namespace EdgeRuntime;

/// <summary>A message of a conversation, as chat templates use it.</summary>
/// <param name="Role">The role: <c>system</c>, <c>user</c>, <c>assistant</c>, <c>tool</c> or another role that the template knows.</param>
/// <param name="Content">The text of the message.</param>
public sealed record ModelMessage(string Role, string Content);
