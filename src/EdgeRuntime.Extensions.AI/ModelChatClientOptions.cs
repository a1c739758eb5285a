using System;

namespace EdgeRuntime.Extensions.AI;

/// <summary>Specifies how a chat client answers, and how many sessions it keeps.</summary>
public sealed record ModelChatClientOptions
{
    /// <summary>
    /// Gets how answers are sampled and where they stop, for everything that a request leaves open. The default is a
    /// <see cref="GenerationOptions"/> with its defaults.
    /// </summary>
    /// <remarks>
    /// Requests run at the same time, so a sampler or a logit processor must be safe to use from several threads. A
    /// <see cref="GenerationOptions.DraftSession"/> serves one request at a time and needs <see cref="MaxSessions"/> 1.
    /// </remarks>
    public GenerationOptions Generation { get; init; } = new();

    /// <summary>
    /// Gets the options of the sessions, for example their context length. The default is a <see cref="SessionOptions"/> with its defaults.
    /// </summary>
    public SessionOptions Session { get; init; } = new();

    /// <summary>
    /// Gets the greatest number of sessions: 1 or more. It is also the number of requests that are answered at the same time; further ones
    /// wait. Each session keeps the KV cache of one conversation. The default is 4.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is less than 1.</exception>
    public int MaxSessions
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 1, nameof(MaxSessions));
            field = value;
        }
    } = 4;

    /// <summary>Gets the id of the model in responses; null, the default, for the name of its file without extension.</summary>
    public string? ModelId { get; init; }
}
