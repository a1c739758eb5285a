using System;
using System.IO;
using System.Net.Http;
using System.Net.Sockets;

namespace EdgeRuntime.Cli.Downloads;

/// <summary>Classifies the exceptions of connections.</summary>
internal static class BrokenConnection
{
    /// <summary>Gets whether another attempt can help. It cannot against a full disk, a refusal or Ctrl-C.</summary>
    public static bool Is(Exception exception) =>
        exception is HttpRequestException or HttpIOException or TimeoutException or IOException { InnerException: SocketException };

    /// <summary>Describes a connection error in words of this program. .NET's messages quote bytes of the server.</summary>
    public static string Describe(Exception exception) => exception switch
    {
        HttpRequestException { HttpRequestError: HttpRequestError.InvalidResponse } => "the server's answer is not valid HTTP",
        HttpIOException { HttpRequestError: HttpRequestError.InvalidResponse } => "the server's answer is not valid HTTP",
        _ => exception.GetBaseException().Message,
    };
}
