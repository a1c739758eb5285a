using System;
using System.Linq;
using EdgeRuntime.Kernels.Vector;
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
    // Each step of work has at most so many channels of a row, so that threads share a single row too.
    private const int PartChannels = 1024;

    private readonly string[] _names;
    private readonly int _taps;
    private readonly int _channels;
    private NativeBuffer _weights = null!;
    private NativeBuffer? _bias;
    private RecurrentSlot _slot;

    /// <param name="name">The tensor name without its last part: [taps, channels], innermost first.</param>
    /// <param name="taps">The number of weights per channel.</param>
    /// <param name="channels">The number of channels.</param>
    public CausalConvolution(string name, int taps, int channels)
        : this([name], taps, channels)
    {
    }

    /// <param name="names">The names of several tensors with the same number of channels, one after the other.</param>
    /// <param name="taps">The number of weights per channel.</param>
    /// <param name="channels">The number of all channels.</param>
    public CausalConvolution(string[] names, int taps, int channels)
    {
        _names = names;
        _taps = taps;
        _channels = channels;
    }

    /// <summary>Gets the parts of the bound module.</summary>
    public CausalConvolutionParts Parts => new(_taps, _channels, _weights, _bias);

    public override void Bind(TensorBinder tensors)
    {
        // [taps][channels], so that channels are adjacent.
        int channels = _channels / _names.Length;
        float[] weights = [.. _names.SelectMany(name => tensors.Source.Floats($"{name}.weight", channels, _taps))];
        _weights = tensors.Keep(TensorBinder.Transpose(weights, _channels, _taps));
        _bias = _names.Length == 1 ? tensors.OptionalVector($"{_names[0]}.bias", _channels) : null;
    }

    public override void Declare(StatePlan state) => _slot = state.AddRecurrent(checked((_taps - 1) * _channels));

    public override void Plan(ScratchPlan scratch)
    {
    }

    /// <summary>Computes y = silu(convolution(x)) of all rows. Threads share rows and parts of them. The caller ends the phase.</summary>
    /// <param name="t">The thread.</param>
    /// <param name="x">The inputs of the first row of the batch.</param>
    /// <param name="stride">The distance between the inputs of two rows, in floats.</param>
    /// <param name="y">[rows, channels].</param>
    public void RunSilu(PassThread t, float* x, int stride, float* y)
    {
        int parts = (_channels + PartChannels - 1) / PartChannels;
        for (int item; (item = t.TakeItem()) < t.Rows * parts;)
        {
            int row = item / parts;
            int first = item % parts * PartChannels;
            int count = Math.Min(PartChannels, _channels - first);
            float* result = y + ((long)row * _channels) + first;
            Run(t, row, x, stride, result, first, count);
            t.Vector.Activate(Activation.Silu, result, result, count);
        }
    }

    /// <summary>
    /// Convolves some channels of one row. The preceding rows are inputs of the batch or the state of the sequence. The last row of a
    /// sequence updates the state.
    /// </summary>
    /// <param name="t">The thread.</param>
    /// <param name="row">The row in the batch.</param>
    /// <param name="x">The inputs of the first row of the batch.</param>
    /// <param name="stride">The distance between the inputs of two rows, in floats.</param>
    /// <param name="y">[count].</param>
    /// <param name="first">The first channel.</param>
    /// <param name="count">The number of channels.</param>
    public void Run(PassThread t, int row, float* x, int stride, float* y, int first, int count)
    {
        ref readonly SequenceRows sequence = ref t.Pass.SequenceOf(row);
        for (int tap = 0; tap < _taps; tap++)
        {
            float* source = Input(sequence, row - _taps + 1 + tap, x, stride) + first;
            float* weights = (float*)_weights.Pointer + ((long)tap * _channels) + first;
            if (tap == 0)
            {
                t.Vector.Multiply(source, weights, y, count);
            }
            else
            {
                t.Vector.AddProduct(source, weights, y, count);
            }
        }

        if (_bias is not null)
        {
            t.Vector.Add((float*)_bias.Pointer + first, y, count);
        }

        if (row == sequence.FirstRow + sequence.Rows - 1)
        {
            Keep(sequence, row, x, stride, first, count);
        }
    }

    private void Keep(in SequenceRows sequence, int lastRow, float* x, int stride, int first, int count)
    {
        float* next = sequence.State.NextRecurrent(_slot) + first;
        for (int i = 0; i < _taps - 1; i++)
        {
            float* source = Input(sequence, lastRow - _taps + 2 + i, x, stride) + first;
            new ReadOnlySpan<float>(source, count).CopyTo(new Span<float>(next + ((long)i * _channels), count));
        }
    }

    /// <summary>Gets the inputs of a row: from the batch, or from the state for rows before the first one of the sequence.</summary>
    private float* Input(in SequenceRows sequence, int row, float* x, int stride) => row >= sequence.FirstRow
        ? x + ((long)row * stride)
        : sequence.State.Recurrent(_slot) + ((long)(row - sequence.FirstRow + _taps - 1) * _channels);
}
