using System;
using EdgeRuntime.Memory;
using EdgeRuntime.State;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Modules;

/// <summary>
/// A depthwise convolution along the sequence: y[t] = sum over i of w[i] * x[t - taps + 1 + i] (+ bias), with separate weights per channel.
/// The state of a sequence is its last taps - 1 inputs. A part of mixers.
/// </summary>
internal sealed unsafe class CausalConvolution : Module
{
    private readonly string _name;
    private readonly int _taps;
    private readonly int _channels;
    private NativeBuffer _weights = null!;
    private NativeBuffer? _bias;
    private RecurrentSlot _slot;

    /// <param name="name">The tensor name without its last part: [taps, channels], innermost first.</param>
    /// <param name="taps">The number of weights per channel.</param>
    /// <param name="channels">The number of channels.</param>
    public CausalConvolution(string name, int taps, int channels)
    {
        _name = name;
        _taps = taps;
        _channels = channels;
    }

    public override void Bind(TensorBinder tensors)
    {
        // [taps][channels], so that channels are adjacent.
        float[] weights = tensors.Source.Floats($"{_name}.weight", _channels, _taps);
        float[] turned = new float[weights.Length];
        for (int channel = 0; channel < _channels; channel++)
        {
            for (int tap = 0; tap < _taps; tap++)
            {
                turned[(tap * _channels) + channel] = weights[(channel * _taps) + tap];
            }
        }

        _weights = tensors.Keep(turned);
        _bias = tensors.OptionalVector($"{_name}.bias", _channels);
    }

    public override void Declare(StatePlan state) => _slot = state.AddRecurrent(checked((_taps - 1) * _channels));

    public override void Plan(ScratchPlan scratch)
    {
    }

    /// <summary>
    /// Convolves one row. The preceding rows are inputs of the batch or the state of the sequence. The last row of a sequence updates the
    /// state.
    /// </summary>
    /// <param name="t">The thread.</param>
    /// <param name="row">The row in the batch.</param>
    /// <param name="x">The inputs of the first row of the batch.</param>
    /// <param name="stride">The distance between the inputs of two rows, in floats.</param>
    /// <param name="y">[channels].</param>
    public void Run(PassThread t, int row, float* x, int stride, float* y)
    {
        ref readonly SequenceRows sequence = ref t.Pass.SequenceOf(row);
        for (int tap = 0; tap < _taps; tap++)
        {
            float* source = Input(sequence, row - _taps + 1 + tap, x, stride);
            float* weights = (float*)_weights.Pointer + ((long)tap * _channels);
            if (tap == 0)
            {
                t.Vector.Multiply(source, weights, y, _channels);
            }
            else
            {
                t.Vector.AddProduct(source, weights, y, _channels);
            }
        }

        if (_bias is not null)
        {
            t.Vector.Add((float*)_bias.Pointer, y, _channels);
        }

        if (row == sequence.FirstRow + sequence.Rows - 1)
        {
            Keep(sequence, row, x, stride);
        }
    }

    private void Keep(in SequenceRows sequence, int lastRow, float* x, int stride)
    {
        float* next = sequence.State.NextRecurrent(_slot);
        for (int i = 0; i < _taps - 1; i++)
        {
            float* source = Input(sequence, lastRow - _taps + 2 + i, x, stride);
            new ReadOnlySpan<float>(source, _channels).CopyTo(new Span<float>(next + ((long)i * _channels), _channels));
        }
    }

    /// <summary>Gets the inputs of a row: from the batch, or from the state for rows before the first one of the sequence.</summary>
    private float* Input(in SequenceRows sequence, int row, float* x, int stride) => row >= sequence.FirstRow
        ? x + ((long)row * stride)
        : sequence.State.Recurrent(_slot) + ((long)(row - sequence.FirstRow + _taps - 1) * _channels);
}
