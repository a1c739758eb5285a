using System.Runtime.InteropServices;
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace EdgeRuntime.Kernels.Emit;

/// <summary>What an emitted tile is called with.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct TileArguments
{
    /// <summary>The panels, one after another.</summary>
    public byte* Panels;

    /// <summary>Bytes from a panel to the next.</summary>
    public long PanelBytes;

    /// <summary>The tile of activations, moved by 4 bytes for each token before the first one to multiply.</summary>
    public byte* Activations;

    public float* Y;

    /// <summary>Bytes from a token's row of y to the next.</summary>
    public long YStrideBytes;

    /// <summary>32 int32.</summary>
    public int* Scratch;

    /// <summary>Blocks of 32 columns, at least 1.</summary>
    public int Blocks;

    /// <summary>A bit for each row of y that is written, 16 for each panel.</summary>
    public int RowMask;
}

/// <summary>The form of an emitted tile.</summary>
/// <param name="Panels">1 or 2 panels that are multiplied at once.</param>
/// <param name="Stride">Tokens of the activation tile in memory.</param>
/// <param name="Tokens">Tokens that are multiplied, at most <see cref="MaxTokens"/>.</param>
internal readonly record struct TileForm(int Panels, int Stride, int Tokens)
{
    /// <summary>
    /// Pairs of a panel and a token: each has one register of int32 sums and one of float sums, which leaves eight registers for quants,
    /// scales and products.
    /// </summary>
    public const int MaxSums = 12;

    /// <summary>Most tokens of a tile with that many panels.</summary>
    public static int MaxTokens(int panels) => MaxSums / panels;
}

/// <summary>
/// Writes the AVX512-VNNI tile for one layout and one form. Sixteen rows lie in a vector. With two panels each broadcast of
/// activations serves both: with one, the loads (a broadcast for each product) take longer than the products where the processor
/// multiplies whole 512-bit vectors. The int32 sums start at -Offset times the activations' sums, which one multiplication prepares for all
/// tokens at once and which come back from the scratch memory as broadcasts: no arithmetic unit is used for it.
/// </summary>
internal sealed unsafe class VnniTileEmitter
{
    /// <summary>
    /// How many blocks ahead activations are asked for. They stream from the third level of the cache, later than the processor's own
    /// prefetchers see (measured with two threads: 10 % faster).
    /// </summary>
    private const int PrefetchBlocks = 4;

    private const int StepBytes = 4 * ExpandedPanelLayout.PanelRows;
    private const int QuantBytes = 8 * StepBytes;
    private const int ScratchVector = 64;
    private const int CacheLine = 64;

    private static readonly AssemblerRegisterZMM[] s_zmm =
    [
        zmm0, zmm1, zmm2, zmm3, zmm4, zmm5, zmm6, zmm7, zmm8, zmm9, zmm10, zmm11, zmm12, zmm13, zmm14, zmm15,
        zmm16, zmm17, zmm18, zmm19, zmm20, zmm21, zmm22, zmm23, zmm24, zmm25, zmm26, zmm27, zmm28, zmm29, zmm30, zmm31,
    ];

    private readonly Assembler _code;
    private readonly ExpandedPanelLayout _layout;
    private readonly TileForm _form;

    // Registers that both calling conventions leave to the callee.
    private readonly AssemblerRegister64 _panel = rcx, _activations = rdx, _arguments = r8, _panelBytes = r9, _scratch = r10;
    private readonly AssemblerRegister32 _blocks = r11d;
    private readonly AssemblerRegisterZMM _value0 = zmm26, _value1 = zmm27, _product0 = zmm28, _product1 = zmm29;
    private readonly Label[] _offsetFactors;

    private VnniTileEmitter(Assembler code, ExpandedPanelLayout layout, TileForm form)
    {
        _code = code;
        _layout = layout;
        _form = form;
        _offsetFactors = [code.CreateLabel(), code.CreateLabel()];
    }

    /// <summary>The entry point of a new tile, a <c>delegate* unmanaged&lt;TileArguments*, void&gt;</c>.</summary>
    /// <param name="layout">The panels' layout.</param>
    /// <param name="form">Panels and tokens.</param>
    public static nint Make(ExpandedPanelLayout layout, TileForm form) =>
        EmittedCode.Make(code => new VnniTileEmitter(code, layout, form).Write());

    private AssemblerRegisterZMM Sum(int panel, int token) => s_zmm[(panel * _form.Tokens) + token];

    private AssemblerRegisterZMM Acc(int panel, int token) => s_zmm[TileForm.MaxSums + (panel * _form.Tokens) + token];

    /// <summary>The register of a panel's quants or scales.</summary>
    private static AssemblerRegisterZMM Weights(int panel) => s_zmm[(2 * TileForm.MaxSums) + panel];

    private AssemblerRegisterZMM Value(int token) => token % 2 == 0 ? _value0 : _value1;

    private AssemblerRegisterZMM Product(int token) => token % 2 == 0 ? _product0 : _product1;

    private void Write()
    {
        Label nextBlock = _code.CreateLabel();
        Enter();
        for (int panel = 0; panel < _form.Panels; panel++)
        {
            for (int token = 0; token < _form.Tokens; token++)
            {
                _code.vpxord(Acc(panel, token), Acc(panel, token), Acc(panel, token));
            }
        }

        PrefetchRows();
        PrepareOffsets(_activations);
        _code.Label(ref nextBlock);
        int halves = _layout.Scales;
        for (int half = 0; half < halves; half++)
        {
            StartSums(half);
            if (half == halves - 1)
            {
                PrepareNextOffsets();
            }

            for (int step = half * 8 / halves; step < (half + 1) * 8 / halves; step++)
            {
                MultiplyStep(step);
            }

            AddScaled(half);
        }

        if (_layout.Mins == 1)
        {
            AddMinima();
        }

        _code.add(_panel, _layout.BlockBytes);
        _code.add(_activations, ActivationLayout.Int8BlockBytesPerToken * _form.Stride);
        _code.dec(_blocks);
        _code.jnz(nextBlock);
        StoreRows();
        EmittedFrame.Leave(_code);
        WriteConstants();
    }

    /// <summary>Loads the arguments; k1 and k3 mask the rows of the panels, k2 the tokens.</summary>
    private void Enter()
    {
        EmittedFrame.Enter(_code, _arguments);
        _code.mov(_blocks, __dword_ptr[_arguments + Offset(nameof(TileArguments.RowMask))]);
        _code.kmovw(k1, _blocks);
        _code.shr(_blocks, ExpandedPanelLayout.PanelRows);
        _code.kmovw(k3, _blocks);
        _code.mov(_blocks, (1 << _form.Tokens) - 1);
        _code.kmovw(k2, _blocks);
        _code.mov(_panel, __qword_ptr[_arguments + Offset(nameof(TileArguments.Panels))]);
        _code.mov(_panelBytes, __qword_ptr[_arguments + Offset(nameof(TileArguments.PanelBytes))]);
        _code.mov(_activations, __qword_ptr[_arguments + Offset(nameof(TileArguments.Activations))]);
        _code.mov(_scratch, __qword_ptr[_arguments + Offset(nameof(TileArguments.Scratch))]);
        _code.mov(_blocks, __dword_ptr[_arguments + Offset(nameof(TileArguments.Blocks))]);
    }

    private static int Offset(string field) => (int)Marshal.OffsetOf<TileArguments>(field);

    /// <summary>A place in a panel's block.</summary>
    private AssemblerMemoryOperand InPanel(int panel, int offset) =>
        panel == 0 ? __zmmword_ptr[_panel + offset] : __zmmword_ptr[_panel + _panelBytes + offset];

    /// <summary>
    /// The address of a token's 4 bytes in row <paramref name="row"/> of the activation block: 0..7 quants, 8 d, 9 dsum.
    /// </summary>
    private int InActivations(int row, int token) => 4 * ((row * _form.Stride) + token);

    /// <summary>scratch[half][token] = -Offset * (the token's sums of that half, or of both).</summary>
    private void PrepareOffsets(AssemblerRegister64 activations)
    {
        if (_layout.Offset == 0)
        {
            return;
        }

        // The mask keeps the load inside the tile: sum16 ends it.
        _code.vmovdqu32(_product0.k2.z, __zmmword_ptr[activations + InActivations(10, 0)]);
        for (int half = 0; half < _layout.Scales; half++)
        {
            _code.vpmaddwd(_product1, _product0, __zmmword_ptr[_offsetFactors[half]]);
            _code.vmovdqu32(__zmmword_ptr[_scratch + (half * ScratchVector)], _product1);
        }
    }

    /// <summary>
    /// Prepares the next block's (the last block's once more after the last), early enough that the scratch memory has them when
    /// they are wanted: a broadcast from a store that is still on its way waits for it.
    /// </summary>
    private void PrepareNextOffsets()
    {
        if (_layout.Offset != 0)
        {
            _code.lea(rax, __[_activations + (ActivationLayout.Int8BlockBytesPerToken * _form.Stride)]);
            _code.cmp(_blocks, 1);
            _code.cmove(rax, _activations);
            PrepareOffsets(rax);
        }
    }

    /// <summary>Asks for a share of the activations that are some blocks ahead, or past the end of the tile, which does no harm.</summary>
    private void Prefetch(int step)
    {
        int blockBytes = ActivationLayout.Int8BlockBytesPerToken * _form.Stride;
        for (int line = step; line * CacheLine < blockBytes; line += 8)
        {
            _code.prefetcht0(__byte_ptr[_activations + (PrefetchBlocks * blockBytes) + (line * CacheLine)]);
        }
    }

    private void StartSums(int half)
    {
        for (int token = 0; token < _form.Tokens; token++)
        {
            if (_layout.Offset == 0)
            {
                _code.vpxord(Sum(0, token), Sum(0, token), Sum(0, token));
            }
            else
            {
                _code.vpbroadcastd(Sum(0, token), __dword_ptr[_scratch + (half * ScratchVector) + (4 * token)]);
            }

            if (_form.Panels == 2)
            {
                _code.vmovdqa32(Sum(1, token), Sum(0, token));
            }
        }
    }

    /// <summary>sum += quants of four columns times a token's activations.</summary>
    private void MultiplyStep(int step)
    {
        Prefetch(step);
        for (int panel = 0; panel < _form.Panels; panel++)
        {
            _code.vmovdqu32(Weights(panel), InPanel(panel, step * StepBytes));
        }

        for (int token = 0; token < _form.Tokens; token++)
        {
            if (_form.Panels == 1)
            {
                _code.vpdpbusd(Sum(0, token), Weights(0), __dword_bcst[_activations + InActivations(step, token)]);
                continue;
            }

            _code.vpbroadcastd(Value(token), __dword_ptr[_activations + InActivations(step, token)]);
            _code.vpdpbusd(Sum(0, token), Weights(0), Value(token));
            _code.vpdpbusd(Sum(1, token), Weights(1), Value(token));
        }
    }

    /// <summary>acc = fma((float)sum, scale * d, acc).</summary>
    private void AddScaled(int half)
    {
        for (int panel = 0; panel < _form.Panels; panel++)
        {
            _code.vmovups(Weights(panel), InPanel(panel, QuantBytes + (half * StepBytes)));
        }

        for (int token = 0; token < _form.Tokens; token++)
        {
            _code.vbroadcastss(Value(token), __dword_ptr[_activations + InActivations(8, token)]);
            for (int panel = 0; panel < _form.Panels; panel++)
            {
                AssemblerRegisterZMM product = Product(token + panel);
                _code.vcvtdq2ps(Sum(panel, token), Sum(panel, token));
                _code.vmulps(product, Weights(panel), Value(token));
                _code.vfmadd231ps(Acc(panel, token), Sum(panel, token), product);
            }
        }
    }

    /// <summary>acc = fma(min, dsum, acc).</summary>
    private void AddMinima()
    {
        for (int panel = 0; panel < _form.Panels; panel++)
        {
            _code.vmovups(Weights(panel), InPanel(panel, QuantBytes + (_layout.Scales * StepBytes)));
        }

        for (int token = 0; token < _form.Tokens; token++)
        {
            _code.vbroadcastss(Value(token), __dword_ptr[_activations + InActivations(9, token)]);
            for (int panel = 0; panel < _form.Panels; panel++)
            {
                _code.vfmadd231ps(Acc(panel, token), Weights(panel), Value(token));
            }
        }
    }

    /// <summary>Asks for the lines of y, which are in no near cache, to write them at the end.</summary>
    private void PrefetchRows()
    {
        _code.mov(rax, __qword_ptr[_arguments + Offset(nameof(TileArguments.Y))]);
        for (int token = 0; token < _form.Tokens; token++)
        {
            for (int panel = 0; panel < _form.Panels; panel++)
            {
                _code.prefetchw(__byte_ptr[rax + (panel * StepBytes)]);
            }

            _code.add(rax, __qword_ptr[_arguments + Offset(nameof(TileArguments.YStrideBytes))]);
        }
    }

    private void StoreRows()
    {
        _code.mov(rax, __qword_ptr[_arguments + Offset(nameof(TileArguments.Y))]);
        for (int token = 0; token < _form.Tokens; token++)
        {
            for (int panel = 0; panel < _form.Panels; panel++)
            {
                AssemblerMemoryOperand row = __zmmword_ptr[rax + (panel * StepBytes)];
                _code.vmovups(panel == 0 ? row.k1 : row.k3, Acc(panel, token));
            }

            _code.add(rax, __qword_ptr[_arguments + Offset(nameof(TileArguments.YStrideBytes))]);
        }
    }

    /// <summary>The factors of sum16's two int16, for each half.</summary>
    private void WriteConstants()
    {
        if (_layout.Offset == 0)
        {
            return;
        }

        for (int half = 0; half < _layout.Scales; half++)
        {
            _code.Label(ref _offsetFactors[half]);
            short first = (short)(_layout.Scales == 1 || half == 0 ? -_layout.Offset : 0);
            short second = (short)(_layout.Scales == 1 || half == 1 ? -_layout.Offset : 0);
            for (int i = 0; i < ScratchVector / 4; i++)
            {
                _code.dw(first, second);
            }
        }
    }
}
