using System;
using System.Runtime.InteropServices;
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace EdgeRuntime.Kernels.Emit;

/// <summary>What an emitted tile is called with.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct TileArguments
{
    public byte* Panel;
    public byte* Activations;
    public float* Y;

    /// <summary>Bytes from a token's row of y to the next.</summary>
    public long YStrideBytes;

    /// <summary>32 int32.</summary>
    public int* Scratch;

    /// <summary>Blocks of 32 columns, at least 1.</summary>
    public int Blocks;

    /// <summary>A bit for each row of y that is written.</summary>
    public int RowMask;
}

/// <summary>
/// Writes the AVX512-VNNI tile for one layout and one number of tokens. Sixteen rows lie in a vector; each token has one
/// register of int32 sums and one of float sums, so up to 14 tokens leave four registers for quants, scales and products.
/// The int32 sums start at -Offset times the activations' sums, which one multiplication prepares for all tokens at once and
/// which come back from the scratch memory as broadcasts: no arithmetic unit is used for it.
/// </summary>
internal sealed unsafe class VnniTileEmitter
{
    public const int MaxTokens = 14;

    private const int StepBytes = 4 * ExpandedPanelLayout.PanelRows;
    private const int QuantBytes = 8 * StepBytes;
    private const int ScratchVector = 64;

    private static readonly AssemblerRegisterZMM[] s_zmm =
    [
        zmm0, zmm1, zmm2, zmm3, zmm4, zmm5, zmm6, zmm7, zmm8, zmm9, zmm10, zmm11, zmm12, zmm13, zmm14, zmm15,
        zmm16, zmm17, zmm18, zmm19, zmm20, zmm21, zmm22, zmm23, zmm24, zmm25, zmm26, zmm27, zmm28, zmm29, zmm30, zmm31,
    ];

    private static readonly AssemblerRegisterXMM[] s_savedOnWindows =
        [xmm6, xmm7, xmm8, xmm9, xmm10, xmm11, xmm12, xmm13, xmm14, xmm15];

    private readonly Assembler _code;
    private readonly ExpandedPanelLayout _layout;
    private readonly int _tokens;

    // Registers that both calling conventions leave to the callee.
    private readonly AssemblerRegister64 _panel = rcx, _activations = rdx, _y = r8, _yStride = r9, _scratch = r10;
    private readonly AssemblerRegister32 _blocks = r11d;
    private readonly AssemblerRegisterZMM _quants = zmm28, _scale = zmm29, _product0 = zmm30, _product1 = zmm31;
    private readonly Label[] _offsetFactors;

    private VnniTileEmitter(Assembler code, ExpandedPanelLayout layout, int tokens)
    {
        _code = code;
        _layout = layout;
        _tokens = tokens;
        _offsetFactors = [code.CreateLabel(), code.CreateLabel()];
    }

    /// <summary>The entry point of a new tile, a <c>delegate* unmanaged&lt;TileArguments*, void&gt;</c>.</summary>
    /// <param name="layout">The panel's layout.</param>
    /// <param name="tokens">1..MaxTokens.</param>
    public static nint Make(ExpandedPanelLayout layout, int tokens) =>
        EmittedCode.Make(code => new VnniTileEmitter(code, layout, tokens).Write());

    private static AssemblerRegisterZMM Sum(int token) => s_zmm[token];

    private static AssemblerRegisterZMM Acc(int token) => s_zmm[MaxTokens + token];

    private void Write()
    {
        Label nextBlock = _code.CreateLabel();
        Enter();
        for (int token = 0; token < _tokens; token++)
        {
            _code.vpxord(Acc(token), Acc(token), Acc(token));
        }

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

            MultiplyQuants(half * 8 / halves, (half + 1) * 8 / halves);
            AddScaled(half);
        }

        if (_layout.Mins == 1)
        {
            AddMinima();
        }

        _code.add(_panel, _layout.BlockBytes);
        _code.add(_activations, ActivationLayout.Int8BlockBytesPerToken * _tokens);
        _code.dec(_blocks);
        _code.jnz(nextBlock);
        StoreRows();
        Leave();
        WriteConstants();
    }

    /// <summary>Loads the arguments; k1 masks the rows of y, k2 the tokens.</summary>
    private void Enter()
    {
        AssemblerRegister64 arguments = rax;
        if (OperatingSystem.IsWindows())
        {
            _code.sub(rsp, (16 * s_savedOnWindows.Length) + 8);
            for (int i = 0; i < s_savedOnWindows.Length; i++)
            {
                _code.vmovups(__xmmword_ptr[rsp + (16 * i)], s_savedOnWindows[i]);
            }
        }

        _code.mov(arguments, OperatingSystem.IsWindows() ? rcx : rdi);
        _code.mov(_blocks, __dword_ptr[arguments + Offset(nameof(TileArguments.RowMask))]);
        _code.kmovw(k1, _blocks);
        _code.mov(_blocks, (1 << _tokens) - 1);
        _code.kmovw(k2, _blocks);
        _code.mov(_panel, __qword_ptr[arguments + Offset(nameof(TileArguments.Panel))]);
        _code.mov(_activations, __qword_ptr[arguments + Offset(nameof(TileArguments.Activations))]);
        _code.mov(_y, __qword_ptr[arguments + Offset(nameof(TileArguments.Y))]);
        _code.mov(_yStride, __qword_ptr[arguments + Offset(nameof(TileArguments.YStrideBytes))]);
        _code.mov(_scratch, __qword_ptr[arguments + Offset(nameof(TileArguments.Scratch))]);
        _code.mov(_blocks, __dword_ptr[arguments + Offset(nameof(TileArguments.Blocks))]);
    }

    private static int Offset(string field) => (int)Marshal.OffsetOf<TileArguments>(field);

    /// <summary>scratch[half][token] = -Offset * (the token's sums of that half, or of both).</summary>
    private void PrepareOffsets(AssemblerRegister64 activations)
    {
        if (_layout.Offset == 0)
        {
            return;
        }

        // The mask keeps the load inside the tile: sum16 ends it.
        _code.vmovdqu32(_product0.k2.z, __zmmword_ptr[activations + (40 * _tokens)]);
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
            _code.lea(rax, __[_activations + (ActivationLayout.Int8BlockBytesPerToken * _tokens)]);
            _code.cmp(_blocks, 1);
            _code.cmove(rax, _activations);
            PrepareOffsets(rax);
        }
    }

    private void StartSums(int half)
    {
        for (int token = 0; token < _tokens; token++)
        {
            if (_layout.Offset == 0)
            {
                _code.vpxord(Sum(token), Sum(token), Sum(token));
            }
            else
            {
                _code.vpbroadcastd(Sum(token), __dword_ptr[_scratch + (half * ScratchVector) + (4 * token)]);
            }
        }
    }

    private void MultiplyQuants(int firstStep, int lastStep)
    {
        for (int step = firstStep; step < lastStep; step++)
        {
            _code.vmovdqu32(_quants, __zmmword_ptr[_panel + (step * StepBytes)]);
            for (int token = 0; token < _tokens; token++)
            {
                _code.vpdpbusd(Sum(token), _quants, __dword_bcst[_activations + (4 * ((step * _tokens) + token))]);
            }
        }
    }

    /// <summary>acc = fma((float)sum, scale * d, acc).</summary>
    private void AddScaled(int half)
    {
        _code.vmovups(_scale, __zmmword_ptr[_panel + QuantBytes + (half * StepBytes)]);
        for (int token = 0; token < _tokens; token++)
        {
            AssemblerRegisterZMM product = token % 2 == 0 ? _product0 : _product1;
            _code.vcvtdq2ps(Sum(token), Sum(token));
            _code.vmulps(product, _scale, __dword_bcst[_activations + (4 * ((8 * _tokens) + token))]);
            _code.vfmadd231ps(Acc(token), Sum(token), product);
        }
    }

    /// <summary>acc = fma(min, dsum, acc).</summary>
    private void AddMinima()
    {
        _code.vmovups(_scale, __zmmword_ptr[_panel + QuantBytes + (_layout.Scales * StepBytes)]);
        for (int token = 0; token < _tokens; token++)
        {
            _code.vfmadd231ps(Acc(token), _scale, __dword_bcst[_activations + (4 * ((9 * _tokens) + token))]);
        }
    }

    private void StoreRows()
    {
        for (int token = 0; token < _tokens; token++)
        {
            _code.vmovups(__zmmword_ptr[_y].k1, Acc(token));
            _code.add(_y, _yStride);
        }
    }

    private void Leave()
    {
        _code.vzeroupper();
        if (OperatingSystem.IsWindows())
        {
            for (int i = 0; i < s_savedOnWindows.Length; i++)
            {
                _code.vmovups(s_savedOnWindows[i], __xmmword_ptr[rsp + (16 * i)]);
            }

            _code.add(rsp, (16 * s_savedOnWindows.Length) + 8);
        }

        _code.ret();
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
