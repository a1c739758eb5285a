namespace EdgeRuntime;

/// <summary>The ways to make one vector of the hidden states of a text's tokens.</summary>
public enum EmbeddingPooling
{
    /// <summary>None: each token keeps a vector of its own.</summary>
    None = 0,

    /// <summary>The mean over all tokens.</summary>
    Mean = 1,

    /// <summary>The first token, which encoders mark with CLS.</summary>
    Cls = 2,

    /// <summary>The last token.</summary>
    Last = 3,

    /// <summary>The scores that the model's ranking head computes.</summary>
    Rank = 4,
}
