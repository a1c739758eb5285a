using System.Net.Http.Headers;

namespace EdgeRuntime.Cli.Downloads;

/// <summary>Describes how a server lets a client in.</summary>
/// <param name="Authorization">The credentials, which are sent to no other host; null for none.</param>
/// <param name="Advice">What the user can do if the server denies access, for the end of a message.</param>
internal sealed record ServerAccess(AuthenticationHeaderValue? Authorization, string Advice);
