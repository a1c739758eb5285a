using System;
using System.Numerics.Tensors;
using System.Threading;
using EdgeRuntime.Engine;
using EdgeRuntime.Memory;
using EdgeRuntime.Modules;
using EdgeRuntime.State;
using EdgeRuntime.Threading;

namespace EdgeRuntime.Cpu;

/// <content>How a batch runs: its rows, the work of the threads, its outputs, and the search for a result that is not finite.</content>
internal sealed unsafe partial class CpuEngine
{
    void ITeamWork.Run(WorkerPool team, int thread)
    {
        if (thread == 0)
        {
            _weights.BeginPass(); // the other threads multiply only after the barrier of the embedding
        }

        PassThread t = _pass.Threads[thread];
        t.Select(0, _pass.Rows);
        for (int i = 0; i < _stages.Length; i++)
        {
            Stage stage = _stages[i];
            if (IsCancelled(t))
            {
                return;
            }

            if (i == _outputStage)
            {
                RunOutputRows(t, stage);
            }
            else
            {
                stage.Run(t);
            }

            if (thread == 0)
            {
                // The other threads change the residual stream only after a barrier that this thread has not reached yet.
                _pass.Probe?.Look(stage.Prefix, stage.Kind, _pass.X, _pass.Hidden);
            }
        }
    }

    /// <summary>
    /// Runs the last stage before the head on the rows from the first output to the last, as nothing reads what it makes of the others.
    /// Adapters, statistics and a repeated pass number the rows of the whole batch and get all of them.
    /// </summary>
    private void RunOutputRows(PassThread t, Stage stage)
    {
        ReadOnlySpan<int> wanted = _pass.OutputRows;
        if (_pass.UsesAdapters || _pass.Inputs is not null || _pass.Probe is not null)
        {
            stage.Run(t);
        }
        else if (wanted.Length > 0)
        {
            t.Select(wanted[0], wanted[^1] - wanted[0] + 1);
            stage.Run(t);
            t.Select(0, _pass.Rows);
        }
    }

    private void Fill(ReadOnlySpan<BatchSlice> batch, CancellationToken cancellationToken)
    {
        _pass.Begin(batch.Length, cancellationToken);
        foreach (ref readonly BatchSlice slice in batch)
        {
            var state = (SequenceState)slice.State;
            state.Reserve(slice.Tokens.Length);
            _pass.Add(state, slice.Tokens.Span, slice.OutputRows);
        }
    }

    /// <summary>Runs the pass. Outputs of one slice are computed in place, those of several side by side and then copied.</summary>
    private void RunPass(ReadOnlySpan<BatchSlice> batch)
    {
        _cancelled = false;
        int withOutput = 0;
        bool logits = false;
        bool hidden = false;
        BatchSlice last = default;
        foreach (ref readonly BatchSlice slice in batch)
        {
            if (slice.OutputRows > 0)
            {
                withOutput++;
                logits |= slice.Kind == OutputKind.Logits;
                hidden |= slice.Kind == OutputKind.Hidden;
                last = slice;
            }
        }

        if (withOutput <= 1)
        {
            fixed (float* output = last.Output.Span)
            {
                _pass.SetOutputs(logits ? output : null, hidden ? output : null);
                RunTeam();
            }

            return;
        }

        float* logitRows = ReserveOutputs(logits, hidden, out float* hiddenRows);
        _pass.SetOutputs(logitRows, hiddenRows);
        RunTeam();
        foreach (ref readonly BatchSlice slice in batch)
        {
            int width = slice.Kind == OutputKind.Logits ? VocabularySize : HiddenSize;
            float* rows = slice.Kind == OutputKind.Logits ? logitRows : hiddenRows;
            new ReadOnlySpan<float>(rows, slice.OutputRows * width).CopyTo(slice.Output.Span);
            logitRows += logits ? (long)slice.OutputRows * VocabularySize : 0;
            hiddenRows += hidden ? (long)slice.OutputRows * HiddenSize : 0;
        }
    }

    private bool IsSound(ReadOnlySpan<BatchSlice> batch)
    {
        bool isSound = !_pass.HasUnsoundRows && _pass.HasSoundResidual();
        foreach (ref readonly BatchSlice slice in batch)
        {
            int count = slice.OutputRows * (slice.Kind == OutputKind.Logits ? VocabularySize : HiddenSize);
            isSound = isSound && (count == 0 || TensorPrimitives.IsFiniteAll<float>(slice.Output.Span[..count]));
        }

        return isSound;
    }

    /// <summary>Computes a batch with a result that was not finite again, to find where that began.</summary>
    private NonFiniteException FindUnsound(ReadOnlySpan<BatchSlice> batch)
    {
        var probe = new ActivationProbe(_pass);
        _pass.Probe = probe;
        try
        {
            RunPass(batch);
        }
        finally
        {
            _pass.Probe = null;
        }

        int output = 0;
        foreach (ref readonly BatchSlice slice in batch)
        {
            int width = slice.Kind == OutputKind.Logits ? VocabularySize : HiddenSize;
            for (int i = 0; i < slice.OutputRows && probe.Place is null; i++)
            {
                probe.LookAtRow(null, "output matrix", _pass.OutputRows[output + i], slice.Output.Span.Slice(i * width, width));
            }

            output += slice.OutputRows;
        }

        // A result that does not repeat was not caused by the weights.
        return probe.Place is null
            ? new NonFiniteException(
                _name,
                "a pass whose repetition gave numbers (the machine's memory may be faulty)",
                null,
                probe.Position,
                probe.Token,
                float.NaN)
            : new NonFiniteException(_name, probe.Place, probe.Layer, probe.Position, probe.Token, probe.Value);
    }

    private void RunTeam()
    {
        _team.Run(this);
        if (_cancelled)
        {
            _pass.CancellationToken.ThrowIfCancellationRequested();
        }
    }

    private float* ReserveOutputs(bool logits, bool hidden, out float* hiddenRows)
    {
        long logitBytes = logits ? (long)_pass.OutputCount * VocabularySize * sizeof(float) : 0;
        long hiddenBytes = hidden ? (long)_pass.OutputCount * HiddenSize * sizeof(float) : 0;
        if (_outputs.ByteLength < logitBytes + hiddenBytes)
        {
            _outputs.Dispose();
            _outputs = new NativeBuffer(logitBytes + hiddenBytes);
        }

        hiddenRows = hidden ? (float*)(_outputs.Pointer + logitBytes) : null;
        return logits ? (float*)_outputs.Pointer : null;
    }

    /// <summary>
    /// Only the caller's thread reads the cancellation token, so that all threads leave at the same place. A pass of one row is too short
    /// to check it.
    /// </summary>
    private bool IsCancelled(PassThread t)
    {
        if (t.Rows == 1 || !_pass.CancellationToken.CanBeCanceled)
        {
            return false;
        }

        if (t.Index == 0)
        {
            _cancelled = _pass.CancellationToken.IsCancellationRequested;
        }

        t.Barrier();
        return _cancelled;
    }
}
