using System.Runtime.InteropServices;
using EdgeRuntime.Kernels.Panels;
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace EdgeRuntime.Kernels.Emit;

/// <summary>
/// How an emitted tile reads its panels and walks over their blocks; the products are <see cref="VnniTileEmitter"/>'s. It has the
/// registers named here, and rax and <see cref="Temporary"/> for the moment.
/// </summary>
/// <param name="code">What is written to.</param>
/// <param name="layout">What the panels are when expanded, in memory or on the way into registers.</param>
/// <param name="form">Panels and tokens.</param>
internal abstract class TileCode(Assembler code, ExpandedPanelLayout layout, TileForm form)
{
    /// <summary>Bytes of a vector of four columns of all rows.</summary>
    public const int StepBytes = 4 * ExpandedPanelLayout.PanelRows;

    /// <summary>Bytes of what one prefetch asks for.</summary>
    protected const int CacheLine = 64;

    // All belong to the callee in both calling conventions.

    /// <summary>Where the first panel is read; the code's own to move.</summary>
    public AssemblerRegister64 Panel { get; } = rcx;

    /// <summary>From a panel to the next.</summary>
    public AssemblerRegister64 PanelBytes { get; } = r9;

    /// <summary>The block's activations.</summary>
    public AssemblerRegister64 Activations { get; } = rdx;

    /// <summary><see cref="TileArguments"/>.</summary>
    public AssemblerRegister64 Arguments { get; } = r8;

    /// <summary>Blocks that are left.</summary>
    public AssemblerRegister32 Blocks { get; } = r11d;

    /// <summary>Holds nothing from one method here to the next.</summary>
    public AssemblerRegisterZMM Temporary { get; } = zmm28;

    /// <summary>What is written to.</summary>
    protected Assembler Code { get; } = code;

    /// <summary>What the panels are when expanded.</summary>
    public ExpandedPanelLayout Layout { get; } = layout;

    /// <summary>Panels and tokens.</summary>
    public TileForm Form { get; } = form;

    /// <summary>Bytes of a block's activations.</summary>
    public int ActivationBytes => ActivationLayout.Int8BlockBytesPerToken * Form.Stride;

    /// <summary>Before the first block: everything but <see cref="Blocks"/> is loaded.</summary>
    public abstract void Begin();

    /// <summary>
    /// Asks, in step 0..7 of a block, for a share of what is read some blocks later, or past the end, which does no harm.
    /// </summary>
    public abstract void Prefetch(int step);

    /// <summary>The quants of columns 4 step .. 4 step + 3, one unsigned byte each.</summary>
    public abstract void LoadQuants(AssemblerRegisterZMM target, int panel, int step);

    /// <summary>The float scales of the block, or of a half of it.</summary>
    public abstract void LoadScales(AssemblerRegisterZMM target, int panel, int half);

    /// <summary>The float minima, as they are added.</summary>
    public abstract void LoadMinima(AssemblerRegisterZMM target, int panel);

    /// <summary>Goes to <paramref name="nextBlock"/> while there are blocks left; the activations have moved.</summary>
    public abstract void Loop(Label nextBlock);

    /// <summary>Behind the code.</summary>
    public virtual void WriteConstants()
    {
    }

    /// <summary>A field of the arguments.</summary>
    public static int Offset(string field) => (int)Marshal.OffsetOf<TileArguments>(field);

    /// <summary>A place in a panel, from a register that points into the first one.</summary>
    protected AssemblerMemoryOperand At(AssemblerRegister64 place, int panel, int offset) =>
        panel == 0 ? __[place + offset] : __[place + PanelBytes + offset];
}
