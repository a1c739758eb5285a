using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.Extensions.AI;

namespace EdgeRuntime.Extensions.AI;

/// <summary>
/// Keeps a few conversations with their KV caches. A request gets the one that it continues; a new conversation gets a new session, or the
/// one that was not used for the longest time. For any number of threads.
/// </summary>
internal sealed class SessionPool : IDisposable
{
    private readonly LanguageModel _model;
    private readonly ModelChatClientOptions _options;
    private readonly Lock _lock = new();
    private readonly List<ChatSession> _all = [];
    private readonly List<ChatSession> _idle = []; // least recently used first
    private readonly SemaphoreSlim _free; // holds nothing that needs disposal
    private bool _isDisposed;

    /// <summary>Creates the first session, so that wrong options are refused at once.</summary>
    public SessionPool(LanguageModel model, ModelChatClientOptions options)
    {
        _model = model;
        _options = options;
        _free = new SemaphoreSlim(options.MaxSessions);
        _idle.Add(Create());
    }

    /// <summary>Waits for a session and takes the best one. The caller returns it.</summary>
    /// <exception cref="ObjectDisposedException">The pool is disposed.</exception>
    public async ValueTask<ChatSession> RentAsync(ChatRequest request, CancellationToken cancellationToken)
    {
        await _free.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            lock (_lock)
            {
                ObjectDisposedException.ThrowIf(_isDisposed, typeof(IChatClient));
                ChatSession chat = Find(request) ?? (_all.Count < _options.MaxSessions ? Create() : _idle[0]);
                _idle.Remove(chat);
                return chat;
            }
        }
        catch
        {
            _free.Release();
            throw;
        }
    }

    /// <summary>Takes a session back.</summary>
    public void Return(ChatSession chat)
    {
        lock (_lock)
        {
            _idle.Add(chat);
        }

        _free.Release();
    }

    /// <summary>Disposes all sessions. An answer in progress throws at its next step.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            _isDisposed = true;
            _all.ForEach(static chat => chat.Dispose());
        }
    }

    private ChatSession? Find(ChatRequest request) => _idle
        .Select(chat => (Chat: chat, Continued: request.CountContinued(chat)))
        .OrderByDescending(static found => found.Continued)
        .FirstOrDefault(static found => found.Continued > 0 || found.Chat.Messages.Count == 0).Chat;

    private ChatSession Create()
    {
        ChatSession chat = _model.CreateChat(new ChatSessionOptions { Generation = _options.Generation, Session = _options.Session });
        _all.Add(chat);
        return chat;
    }
}
