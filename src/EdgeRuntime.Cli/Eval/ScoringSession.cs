using EdgeRuntime.Cli.Terminal;

namespace EdgeRuntime.Cli.Eval;

/// <summary>Creates sessions that measure how likely a model finds texts.</summary>
internal static class ScoringSession
{
    /// <summary>Creates a session.</summary>
    /// <param name="model">The model.</param>
    /// <param name="options">The options.</param>
    /// <exception cref="CommandException">The model is no language model that goes from left to right.</exception>
    public static ModelSession Create(LanguageModel model, SessionOptions options)
    {
        ModelSession session = model.CreateSession(options);
        if (session.CanGenerate)
        {
            return session;
        }

        session.Dispose();
        throw new CommandException(
            $"{model.Path}: a model of architecture '{model.Architecture}' has no perplexity: it sees the tokens that it would predict");
    }
}
