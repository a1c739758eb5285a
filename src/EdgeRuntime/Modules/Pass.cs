using System;
using System.Threading;
using EdgeRuntime.Kernels;
using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Memory;
using EdgeRuntime.State;
using EdgeRuntime.Threading;

namespace EdgeRuntime.Modules;

/// <summary>The rows of one sequence in a batch.</summary>
/// <param name="State">The state of the sequence.</param>
/// <param name="FirstRow">The first row in the batch.</param>
/// <param name="Rows">The number of rows of the sequence.</param>
/// <param name="FirstPosition">The position of the first row.</param>
internal readonly record struct SequenceRows(SequenceState State, int FirstRow, int Rows, int FirstPosition);

/// <summary>
/// A batch and its scratch, as seen by modules. The engine owns it and fills it before each pass; it is constant during a pass.
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
    private NativeBuffer _lowRanks = new(0);
    private NativeBuffer _memory = new(0);
    private NativeBuffer _carried = new(0);
    private NativeBuffer _int8 = new(0);
    private NativeBuffer _float32 = new(0);
    private ScratchPlan _plan;

    public Pass(WorkerPool team, InstructionSet isa, ScratchPlan empty)
    {
        Team = team;
        Isa = isa;
        Vector = isa.Elementwise;
        TileTokens = isa.Kernels.TileTokens;
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

    /// <summary>Gets the number of tokens of a full tile of activations.</summary>
    public int TileTokens { get; }

    /// <summary>Gets the view of each thread.</summary>
    public PassThread[] Threads { get; }

    /// <summary>Gets the batch size that the scratch is planned for.</summary>
    public BatchSize Size => _plan.Size;

    /// <summary>Gets the width of the residual stream.</summary>
    public int Hidden => _plan.Hidden;

    /// <summary>Gets the number of rows of the batch.</summary>
    public int Rows { get; private set; }

    /// <summary>Gets the sequences of the batch.</summary>
    public ReadOnlySpan<SequenceRows> Sequences => new(_sequences, 0, _sequenceCount);

    /// <summary>Gets the rows with an output, in ascending order.</summary>
    public ReadOnlySpan<int> OutputRows => new(_outputRows, 0, OutputCount);

    /// <summary>Gets the number of <see cref="OutputRows"/>.</summary>
    public int OutputCount { get; private set; }

    /// <summary>Gets the destination of the logits, [OutputCount, vocabulary]; null if none are requested.</summary>
    public float* Logits { get; private set; }

    /// <summary>Gets the destination of the hidden states, [OutputCount, hidden]; null if none are requested.</summary>
    public float* HiddenStates { get; private set; }

    public CancellationToken CancellationToken { get; private set; }

    /// <summary>Gets the residual stream, [rows, hidden].</summary>
    public float* X => Floats(_plan.X);

    /// <summary>Gets the buffer for addends of the residual stream, [rows, hidden].</summary>
    public float* Delta => Floats(_plan.Delta);

    /// <summary>Gets the input of a stage after its norm, [rows, hidden].</summary>
    public float* Normed => Floats(_plan.Normed);

    /// <summary>Gets the cosines and sines of all rows, [rows, rotation floats].</summary>
    public float* Rotations => Floats(_plan.Rotations);

    /// <summary>Gets a tensor of activations in int8 tiles.</summary>
    public byte* Int8 => _int8.Pointer;

    /// <summary>Gets a tensor of activations in float tiles.</summary>
    public byte* Float32 => _float32.Pointer;

    /// <summary>Gets whether a sequence of the batch uses adapters.</summary>
    public bool UsesAdapters { get; private set; }

    /// <summary>Gets the buffer for what adapters make of the input of a product.</summary>
    public float* LowRanks => (float*)_lowRanks.Pointer;

    /// <summary>Gets or sets the statistics that observe the inputs of matrices; null for none. Changed only between passes.</summary>
    public InputStatistics? Inputs { get; set; }

    public int Token(int row) => _tokens[row];

    public int Position(int row) => _positions[row];

    public ref readonly SequenceRows SequenceOf(int row) => ref _sequences[_sequenceOf[row]];

    /// <summary>Gets or sets the probe that looks for bad numbers while a failed pass is repeated; null otherwise.</summary>
    public ActivationProbe? Probe { get; set; }

    /// <summary>Gets whether a row that a module reported was not sound (<see cref="ActivationProbe.IsSound"/>).</summary>
    public bool HasUnsoundRows => _hasUnsoundRows;

    /// <summary>Checks a row that does not reach the residual stream directly, such as one that goes into a cache.</summary>
    /// <inheritdoc cref="ActivationProbe.LookAtRow"/>
    public void LookAtRow(string prefix, string what, int row, ReadOnlySpan<float> values)
    {
        if (!ActivationProbe.IsSound(values))
        {
            _hasUnsoundRows = true;
            Probe?.LookAtRow(prefix, what, row, values);
        }
    }

    /// <summary>
    /// Gets whether the residual stream is sound. Non-finite values persist through the layers, so checking the end of the pass is enough.
    /// </summary>
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

    /// <summary>Gets the buffer at an offset from <see cref="ScratchPlan"/>.</summary>
    public float* Floats(long offset) => (float*)(_memory.Pointer + offset);

    /// <summary>Gets the buffer at an offset from <see cref="ScratchPlan.CarriedFloats"/>.</summary>
    public float* Carried(long offset) => (float*)(_carried.Pointer + offset);

    /// <summary>Allocates the memory of a plan. No pass may run during this call.</summary>
    /// <param name="plan">The plan, which replaces the previous one.</param>
    /// <param name="matmulBytes">The scratch per thread for matrix products, in bytes.</param>
    public void UsePlan(ScratchPlan plan, long matmulBytes)
    {
        _plan = plan;
        Grow(ref _memory, plan.TotalBytes);
        Grow(ref _carried, plan.CarriedBytes);
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

    /// <summary>Makes room in <see cref="LowRanks"/>. Called by one thread, before a barrier.</summary>
    public void ReserveLowRanks(long floats) => Grow(ref _lowRanks, floats * sizeof(float));

    /// <summary>Starts an empty batch.</summary>
    public void Begin(int sequences, CancellationToken cancellationToken)
    {
        if (_sequences.Length < sequences)
        {
            _sequences = new SequenceRows[sequences];
        }

        Rows = _sequenceCount = OutputCount = 0;
        UsesAdapters = false;
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

        UsesAdapters |= state.UsesAdapters;
        _sequences[_sequenceCount++] = new SequenceRows(state, first, tokens.Length, state.Length);
        Rows += tokens.Length;
    }

    /// <summary>Sets the destinations of the outputs.</summary>
    public void SetOutputs(float* logits, float* hiddenStates)
    {
        Logits = logits;
        HiddenStates = hiddenStates;
    }

    /// <summary>Releases the sequences of the batch.</summary>
    public void End()
    {
        Array.Clear(_sequences, 0, _sequenceCount);
        _sequenceCount = 0;
    }

    public void Dispose()
    {
        _memory.Dispose();
        _carried.Dispose();
        _int8.Dispose();
        _float32.Dispose();
        _lowRanks.Dispose();
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
