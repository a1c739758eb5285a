using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Microsoft.ML.OnnxRuntime;

namespace EdgeRuntime.Onnx.Tests.Support;

/// <summary>
/// Runs <c>engine.onnx</c> of a folder on the processor, with a cache that it reads and appends to, and recurrent state that it replaces.
/// </summary>
internal sealed class OnnxRunner : IDisposable
{
    private const string Past = "past_key_values";
    private const string PastState = "past_state";

    private readonly InferenceSession _session;
    private readonly Dictionary<string, OrtValue> _caches = [];
    private readonly Dictionary<string, (OrtValue Past, OrtValue Present)> _states = [];
    private readonly int _capacity;

    /// <param name="folder">The folder.</param>
    /// <param name="capacity">The number of positions of the cache.</param>
    public OnnxRunner(string folder, int capacity)
    {
        using var options = new Microsoft.ML.OnnxRuntime.SessionOptions { IntraOpNumThreads = 1 };
        options.LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR;
        _session = new InferenceSession(Path.Combine(folder, "engine.onnx"), options);
        _capacity = capacity;
        foreach ((string name, NodeMetadata node) in _session.InputMetadata)
        {
            if (name.StartsWith(Past, StringComparison.Ordinal))
            {
                _caches.Add(name, OrtValue.CreateAllocatedTensorValue(
                    OrtAllocator.DefaultInstance, node.ElementDataType, [1, node.Dimensions[1], capacity, node.Dimensions[3]]));
            }
            else if (name.StartsWith(PastState, StringComparison.Ordinal))
            {
                _states.Add(name, (CreateState(node), CreateState(node)));
            }
        }
    }

    /// <summary>Gets the number of logits of a row.</summary>
    public int Vocabulary => _session.OutputMetadata["logits"].Dimensions[2];

    /// <summary>Computes the logits of all tokens, which follow the first ones of the cache.</summary>
    /// <param name="tokens">The tokens.</param>
    /// <param name="start">The position of the first one.</param>
    public float[] Run(ReadOnlySpan<int> tokens, int start)
    {
        long[] ids = [.. tokens.ToArray().Select(static token => (long)token)];
        long[] rows = [.. Enumerable.Range(0, ids.Length).Select(static row => (long)row)];
        int total = start + ids.Length;
        ArgumentOutOfRangeException.ThrowIfGreaterThan(total, _capacity, nameof(tokens));
        using OrtIoBinding binding = _session.CreateIoBinding();
        using var idValue = OrtValue.CreateTensorValueFromMemory(ids, [1, ids.Length]);
        using var last = OrtValue.CreateTensorValueFromMemory(new[] { total - 1 }, [1]);
        using var length = OrtValue.CreateTensorValueFromMemory(new[] { total }, []);
        using var rowValue = OrtValue.CreateTensorValueFromMemory(rows, [rows.Length]);
        binding.BindInput("input_ids", idValue);
        binding.BindInput("seqlens_k", last);
        binding.BindInput("total_sequence_length", length);
        binding.BindInput("rows", rowValue);
        long[] positions = [.. Enumerable.Range(start, ids.Length).Select(static position => (long)position)];
        using var positionValue = OrtValue.CreateTensorValueFromMemory(positions, [1, ids.Length]);
        if (_session.InputMetadata.ContainsKey("position_ids"))
        {
            binding.BindInput("position_ids", positionValue);
        }

        foreach ((string name, OrtValue cache) in _caches)
        {
            binding.BindInput(name, cache);
            binding.BindOutput(name.Replace(Past, "present", StringComparison.Ordinal), cache);
        }

        foreach ((string name, (OrtValue past, OrtValue present)) in _states)
        {
            binding.BindInput(name, past);
            binding.BindOutput(name.Replace(PastState, "present_state", StringComparison.Ordinal), present);
        }

        float[] logits = new float[ids.Length * Vocabulary];
        using var logitValue = OrtValue.CreateTensorValueFromMemory(logits, [1, ids.Length, Vocabulary]);
        binding.BindOutput("logits", logitValue);
        using var options = new RunOptions();
        _session.RunWithBinding(options, binding);
        foreach ((string name, (OrtValue past, OrtValue present)) in _states)
        {
            _states[name] = (present, past);
        }

        return logits;
    }

    /// <summary>Starts another sequence.</summary>
    public void Clear()
    {
        foreach ((OrtValue past, _) in _states.Values)
        {
            past.GetTensorMutableRawData().Clear();
        }
    }

    public void Dispose()
    {
        foreach (OrtValue cache in _caches.Values)
        {
            cache.Dispose();
        }

        foreach ((OrtValue past, OrtValue present) in _states.Values)
        {
            past.Dispose();
            present.Dispose();
        }

        _session.Dispose();
    }

    private static OrtValue CreateState(NodeMetadata node)
    {
        var state = OrtValue.CreateAllocatedTensorValue(
            OrtAllocator.DefaultInstance, node.ElementDataType, [1, .. node.Dimensions[1..].Select(static length => (long)length)]);
        state.GetTensorMutableRawData().Clear();
        return state;
    }
}
