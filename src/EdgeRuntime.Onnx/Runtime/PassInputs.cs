using System;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace EdgeRuntime.Onnx.Runtime;

/// <summary>
/// The inputs of passes over a number of tokens, and their logits, in memory of the processor. They are written and bound again for each
/// pass: a device copies an input when it is bound. Owns its tensors.
/// </summary>
internal sealed class PassInputs : IDisposable
{
    private readonly GraphForm _form;
    private readonly long[] _tokens;
    private readonly long[] _positions;
    private readonly long[] _rows;
    private readonly int[] _last = new int[1];
    private readonly int[] _total = new int[1];
    private readonly (string Name, OrtValue Value)[] _inputs;
    private readonly OrtValue _logits;
    private readonly int _logitRows;

    /// <param name="form">The form of the graph.</param>
    /// <param name="tokens">The number of tokens of a pass.</param>
    /// <param name="rows">The number of rows whose logits are read, at least 1.</param>
    public PassInputs(GraphForm form, int tokens, int rows)
    {
        _form = form;
        (_tokens, _positions, _rows) = (new long[tokens], new long[tokens], new long[rows]);
        _logitRows = form.Logits switch { LogitsForm.All => tokens, LogitsForm.Last => 1, _ => rows };
        _logits = OrtValue.CreateAllocatedTensorValue(
            OrtAllocator.DefaultInstance, form.LogitsType, [1, _logitRows, form.Config.VocabularySize]);
        GenAiModel config = form.Config;
        _inputs =
        [
            (config.InputIds, OrtValue.CreateTensorValueFromMemory(_tokens, [1, tokens])),
            .. form.HasPositions ? [(config.PositionIds, OrtValue.CreateTensorValueFromMemory(_positions, [1, tokens]))] : NoInputs,
            .. form.HasLengths
                ? [(GraphForm.LastPosition, OrtValue.CreateTensorValueFromMemory(_last, [1])),
                    (GraphForm.TotalLength, OrtValue.CreateTensorValueFromMemory(_total, []))]
                : NoInputs,
            .. form.Logits == LogitsForm.Chosen ? [(GraphForm.Rows, OrtValue.CreateTensorValueFromMemory(_rows, [rows]))] : NoInputs,
        ];
    }

    private static (string Name, OrtValue Value)[] NoInputs => [];

    /// <summary>Gets whether passes of this size have these inputs.</summary>
    public bool IsOf(int tokens, int rows) => _tokens.Length == tokens && _rows.Length == rows;

    /// <summary>Writes the inputs of a pass and binds them and the logits.</summary>
    /// <param name="binding">The binding of the sequence.</param>
    /// <param name="start">The position of the first token.</param>
    /// <param name="tokens">The tokens; fewer than those of the inputs if the pass is padded.</param>
    public void Bind(OrtIoBinding binding, int start, ReadOnlySpan<int> tokens)
    {
        for (int i = 0; i < _tokens.Length; i++)
        {
            _tokens[i] = i < tokens.Length ? tokens[i] : 0;
            _positions[i] = start + i;
        }

        for (int i = 0; i < _rows.Length; i++)
        {
            _rows[i] = tokens.Length - _rows.Length + i;
        }

        _last[0] = start + tokens.Length - 1;
        _total[0] = start + _tokens.Length;
        foreach ((string name, OrtValue value) in _inputs)
        {
            binding.BindInput(name, value);
        }

        binding.BindOutput(_form.Config.Logits, _logits);
    }

    /// <summary>Copies the logits of the last tokens of the pass.</summary>
    /// <param name="tokens">The number of tokens, without padding.</param>
    /// <param name="output">[rows, vocabulary].</param>
    /// <param name="vocabulary">The number of logits to copy of each row; the graph may have more.</param>
    public void ReadLogits(int tokens, Span<float> output, int vocabulary)
    {
        int rows = output.Length / vocabulary;
        int first = (_form.Logits == LogitsForm.All ? tokens : _logitRows) - rows;
        int width = _form.Config.VocabularySize;
        for (int row = 0; row < rows; row++)
        {
            CopyLogits((first + row) * width, output.Slice(row * vocabulary, vocabulary));
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Array.ForEach(_inputs, static input => input.Value.Dispose());
        _logits.Dispose();
    }

    private void CopyLogits(int start, Span<float> output)
    {
        if (_form.LogitsType == TensorElementType.Float16)
        {
            ReadOnlySpan<Half> halves = MemoryMarshal.Cast<Float16, Half>(_logits.GetTensorDataAsSpan<Float16>());
            TensorPrimitives.ConvertToSingle(halves.Slice(start, output.Length), output);
        }
        else
        {
            _logits.GetTensorDataAsSpan<float>().Slice(start, output.Length).CopyTo(output);
        }
    }
}
