using System;
using System.Threading;
using EdgeRuntime.Kernels;
using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Memory;
using EdgeRuntime.State;
using EdgeRuntime.Threading;

namespace EdgeRuntime.Modules;

/// <summary>The rows of one sequence in a batch.</summary>
/// <param name="State">The sequence.</param>
/// <param name="FirstRow">First row of the batch.</param>
/// <param name="Rows">Rows of this sequence.</param>
/// <param name="FirstPosition">Position of the first row.</param>
internal readonly record struct SequenceRows(SequenceState State, int FirstRow, int Rows, int FirstPosition);

/// <summary>
/// A batch and the scratch it is computed in, as modules see them. Owned by the engine, which fills it before each pass; constant during
/// the
/// pass.
/// </summary>
internal sealed unsafe class Pass : IDisposable
{
    private int[] _tokens = [];
    private int[] _positions = [];
    private int[] _sequenceOf = [];
    private SequenceRows[] _sequences = [];
    private int[] _outputRows = [];
    private int _sequenceCount;
    private volatile bool _hasUnsoundRows;
    private NativeBuffer _memory = new(0);
    private NativeBuffer _int8 = new(0);
    private NativeBuffer _float32 = new(0);
    private ScratchPlan _plan;

    public Pass(WorkerPool team, InstructionSet isa, ScratchPlan empty)
    {
        Team = team;
        Isa = isa;
        Vector = isa.Elementwise;
        TileTokens = ActivationQuantizer.TileTokens(isa);
        _plan = empty;
        Threads = new PassThread[team.Threads];
        for (int i = 0; i < Threads.Length; i++)
        {
            Threads[i] = new PassThread(this, i);
        }
    }

    public WorkerPool Team { get; }

    public InstructionSet Isa { get; }

    public ElementwiseKernels Vector { get; }

    /// <summary>Tokens of a full tile of activations.</summary>
    public int TileTokens { get; }

    /// <summary>The view of each thread.</summary>
    public PassThread[] Threads { get; }

    /// <summary>The batches that the scratch is planned for.</summary>
    public BatchSize Size => _plan.Size;

    /// <summary>Width of the residual stream.</summary>
    public int Hidden => _plan.Hidden;

    /// <summary>Rows of the batch.</summary>
    public int Rows { get; private set; }

    /// <summary>The sequences of the batch.</summary>
    public ReadOnlySpan<SequenceRows> Sequences => new(_sequences, 0, _sequenceCount);

    /// <summary>The rows that get an output, in ascending order.</summary>
    public ReadOnlySpan<int> OutputRows => new(_outputRows, 0, OutputCount);

    /// <summary>Number of <see cref="OutputRows"/>.</summary>
    public int OutputCount { get; private set; }

    /// <summary>Where logits go, [OutputCount, vocabulary], or null where none are asked for.</summary>
    public float* Logits { get; private set; }

    /// <summary>Where hidden states go, [OutputCount, hidden], or null where none are asked for.</summary>
    public float* HiddenStates { get; private set; }

    public CancellationToken CancellationToken { get; private set; }

    /// <summary>[rows, hidden]: the residual stream.</summary>
    public float* X => Floats(_plan.X);

    /// <summary>[rows, hidden]: what a projection adds to the residual stream.</summary>
    public float* Delta => Floats(_plan.Delta);

    /// <summary>[rows, hidden]: a stage's input after its norm.</summary>
    public float* Normed => Floats(_plan.Normed);

    /// <summary>[rows, rotation floats].</summary>
    public float* Rotations => Floats(_plan.Rotations);

    /// <summary>A tensor of activations in int8 tiles.</summary>
    public byte* Int8 => _int8.Pointer;

    /// <summary>A tensor of activations in float tiles.</summary>
    public byte* Float32 => _float32.Pointer;

    public int Token(int row) => _tokens[row];

    public int Position(int row) => _positions[row];

    public ref readonly SequenceRows SequenceOf(int row) => ref _sequences[_sequenceOf[row]];

    /// <summary>Looks for bad numbers while a pass is repeated that gave some; null otherwise.</summary>
    public ActivationProbe? Probe { get; set; }

    /// <summary>Whether a row that modules showed was not sound (<see cref="ActivationProbe.IsSound"/>).</summary>
    public bool HasUnsoundRows => _hasUnsoundRows;

    /// <summary>Takes note of a row that goes where the residual stream does not show it, such as into a cache.</summary>
    /// <inheritdoc cref="ActivationProbe.LookAtRow"/>
    public void LookAtRow(string prefix, string what, int row, ReadOnlySpan<float> values)
    {
        if (!ActivationProbe.IsSound(values))
        {
            _hasUnsoundRows = true;
            Probe?.LookAtRow(prefix, what, row, values);
        }
    }

    /// <summary>Whether the residual stream is sound. What is not finite anywhere in a layer stays so in it, so looking at its end is
    /// enough.</summary>
    public bool HasSoundResidual()
    {
        for (int row = 0; row < Rows; row++)
        {
            if (!ActivationProbe.IsSound(new ReadOnlySpan<float>(X + ((long)row * Hidden), Hidden)))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>The buffer at an offset that <see cref="ScratchPlan"/> gave.</summary>
    public float* Floats(long offset) => (float*)(_memory.Pointer + offset);

    /// <summary>Provides the memory of a plan. Nobody may run meanwhile.</summary>
    /// <param name="plan">Replaces the one before.</param>
    /// <param name="matmulBytes">Scratch that a matrix needs a thread.</param>
    public void UsePlan(ScratchPlan plan, long matmulBytes)
    {
        _plan = plan;
        Grow(ref _memory, plan.TotalBytes);
        Grow(ref _int8, plan.ActivationBytes);
        Grow(ref _float32, plan.ActivationBytes);
        _tokens = new int[plan.Rows];
        _positions = new int[plan.Rows];
        _sequenceOf = new int[plan.Rows];
        _outputRows = new int[plan.Rows];
        foreach (PassThread thread in Threads)
        {
            thread.UsePlan(plan, matmulBytes);
        }
    }

    /// <summary>Begins a batch without rows.</summary>
    public void Begin(int sequences, CancellationToken cancellationToken)
    {
        if (_sequences.Length < sequences)
        {
            _sequences = new SequenceRows[sequences];
        }

        Rows = _sequenceCount = OutputCount = 0;
        _hasUnsoundRows = false;
        Logits = HiddenStates = null;
        CancellationToken = cancellationToken;
    }

    /// <summary>Appends the rows of a sequence.</summary>
    public void Add(SequenceState state, ReadOnlySpan<int> tokens, int outputRows)
    {
        int first = Rows;
        for (int i = 0; i < tokens.Length; i++)
        {
            _tokens[first + i] = tokens[i];
            _positions[first + i] = state.Length + i;
            _sequenceOf[first + i] = _sequenceCount;
            if (i >= tokens.Length - outputRows)
            {
                _outputRows[OutputCount++] = first + i;
            }
        }

        _sequences[_sequenceCount++] = new SequenceRows(state, first, tokens.Length, state.Length);
        Rows += tokens.Length;
    }

    /// <summary>Says where the outputs go.</summary>
    public void SetOutputs(float* logits, float* hiddenStates)
    {
        Logits = logits;
        HiddenStates = hiddenStates;
    }

    /// <summary>Lets go of the batch's sequences.</summary>
    public void End()
    {
        Array.Clear(_sequences, 0, _sequenceCount);
        _sequenceCount = 0;
    }

    public void Dispose()
    {
        _memory.Dispose();
        _int8.Dispose();
        _float32.Dispose();
        foreach (PassThread thread in Threads)
        {
            thread.Dispose();
        }
    }

    private static void Grow(ref NativeBuffer buffer, long bytes)
    {
        if (buffer.ByteLength < bytes)
        {
            buffer.Dispose();
            buffer = new NativeBuffer(bytes);
        }
    }
}
