using System;
using System.Numerics.Tensors;
using EdgeRuntime.Kernels.Vector;

namespace EdgeRuntime.Modules;

/// <summary>Where the limit of a gated feed-forward applies.</summary>
internal enum GateLimitKind
{
    None,

    /// <summary>h = act(min(gate, limit)) * clamp(up, -limit, limit).</summary>
    Gate,

    /// <summary>h = min(act(gate), limit) * clamp(up, -limit, limit).</summary>
    ActivatedGate,

    /// <summary>
    /// h = limit tanh(gate / limit) * sigmoid(gate) * upLimit tanh(up / upLimit); up without a limit as it is.
    /// </summary>
    Soft,

    /// <summary>h = g * sigmoid(1.702 g) * (clamp(up, -limit, limit) + 1) with g = min(gate, limit).</summary>
    OpenAi,
}

/// <summary>The limits of a gate and of what it multiplies.</summary>
/// <param name="Kind">Where the limit applies.</param>
/// <param name="Limit">The limit.</param>
/// <param name="UpLimit">The limit of what the gate multiplies, where it is another one; 0 for none.</param>
internal readonly record struct GateLimit(GateLimitKind Kind, float Limit, float UpLimit = 0)
{
    private const float OpenAiSlope = 1.702f;

    /// <summary>Gets the limits of gpt-oss.</summary>
    public static GateLimit OpenAi => new(GateLimitKind.OpenAi, 7);

    /// <summary>Computes gate = act(gate) * up within the limits. Changes up.</summary>
    /// <param name="vector">The kernels.</param>
    /// <param name="activation">The activation function.</param>
    /// <param name="gate">[count].</param>
    /// <param name="up">[count].</param>
    /// <param name="count">Elements.</param>
    public unsafe void Apply(ElementwiseKernels vector, Activation activation, float* gate, float* up, int count)
    {
        switch (Kind)
        {
            case GateLimitKind.None:
                vector.Gate(activation, gate, up, gate, count);
                break;
            case GateLimitKind.Gate:
                LimitBoth(gate, up, count);
                vector.Gate(activation, gate, up, gate, count);
                break;
            case GateLimitKind.ActivatedGate:
                vector.Activate(activation, gate, gate, count);
                LimitBoth(gate, up, count);
                vector.Multiply(gate, up, gate, count);
                break;
            case GateLimitKind.Soft:
                ApplySoft(vector, gate, up, count);
                break;
            default:
                ApplyOpenAi(vector, gate, up, count);
                break;
        }
    }

    private unsafe void LimitBoth(float* gate, float* up, int count)
    {
        TensorPrimitives.Min(new Span<float>(gate, count), Limit, new Span<float>(gate, count));
        TensorPrimitives.Clamp(new Span<float>(up, count), -Limit, Limit, new Span<float>(up, count));
    }

    private unsafe void ApplySoft(ElementwiseKernels vector, float* gate, float* up, int count)
    {
        const int Block = 256;
        float* sigmoids = stackalloc float[Block];
        for (int i = 0; i < count; i += Block)
        {
            int length = Math.Min(Block, count - i);
            vector.Activate(Activation.Sigmoid, gate + i, sigmoids, length);
            vector.Cap(gate + i, Limit, length);
            vector.Multiply(gate + i, sigmoids, gate + i, length);
            if (UpLimit > 0)
            {
                vector.Cap(up + i, UpLimit, length);
            }

            vector.Multiply(gate + i, up + i, gate + i, length);
        }
    }

    /// <remarks>g * sigmoid(a g) is silu(a g) / a.</remarks>
    private unsafe void ApplyOpenAi(ElementwiseKernels vector, float* gate, float* up, int count)
    {
        LimitBoth(gate, up, count);
        for (int i = 0; i < count; i++)
        {
            gate[i] *= OpenAiSlope;
            up[i] = (up[i] + 1) / OpenAiSlope;
        }

        vector.Gate(Activation.Silu, gate, up, gate, count);
    }
}
