using System;
using EdgeRuntime.Kernels.Panels;
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace EdgeRuntime.Kernels.Emit;

/// <summary>
/// Writes the AVX512-VNNI tile for one layout and one form. Sixteen rows lie in a vector. With two panels each broadcast of
/// activations serves both: with one, the loads (a broadcast for each product) take longer than the products where the processor
/// multiplies whole 512-bit vectors. The int32 sums start at -Offset times the activations' sums, which one multiplication prepares for all
/// tokens at once and which come back from memory as broadcasts: no arithmetic unit is used for it.
/// </summary>
internal sealed unsafe class VnniTileEmitter
{
    private const int VectorBytes = 64;

    private static readonly AssemblerRegisterZMM[] s_zmm =
    [
        zmm0, zmm1, zmm2, zmm3, zmm4, zmm5, zmm6, zmm7, zmm8, zmm9, zmm10, zmm11, zmm12, zmm13, zmm14, zmm15,
        zmm16, zmm17, zmm18, zmm19, zmm20, zmm21, zmm22, zmm23, zmm24, zmm25, zmm26, zmm27, zmm28, zmm29, zmm30, zmm31,
    ];

    private readonly Assembler _code;
    private readonly TileCode _panels;
    private readonly ExpandedPanelLayout _layout;
    private readonly TileForm _form;
    private readonly AssemblerRegister64 _activations, _arguments;
    private readonly AssemblerRegisterZMM _value0 = zmm26, _value1 = zmm27, _product0, _product1 = zmm29;
    private readonly Label[] _offsetFactors;

    private VnniTileEmitter(Assembler code, TileCode panels)
    {
        _code = code;
        _panels = panels;
        _layout = panels.Layout;
        _form = panels.Form;
        _activations = panels.Activations;
        _arguments = panels.Arguments;
        _product0 = panels.Temporary;
        _offsetFactors = [code.CreateLabel(), code.CreateLabel()];
    }

    /// <summary>The entry point of a new tile of expanded panels, a <c>delegate* unmanaged&lt;TileArguments*, void&gt;</c>.</summary>
    /// <param name="layout">The panels' layout.</param>
    /// <param name="form">Panels and tokens.</param>
    public static nint Make(ExpandedPanelLayout layout, TileForm form) =>
        EmittedCode.Make(code => new VnniTileEmitter(code, new ExpandedTileCode(code, layout, form)).Write());

    /// <summary>The same of packed panels.</summary>
    public static nint Make(PackedLayout layout, TileForm form) =>
        EmittedCode.Make(code => new VnniTileEmitter(code, new PackedTileCode(code, layout, form)).Write());

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
        StartRows();
        PrepareOffsets(_activations);
        _code.mov(_panels.Blocks, __dword_ptr[_arguments + TileCode.Offset(nameof(TileArguments.Blocks))]);
        _panels.Begin();
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

        _code.add(_activations, _panels.ActivationBytes);
        _panels.Loop(nextBlock);
        StoreRows();
        EmittedFrame.Leave(_code);
        WriteConstants();
        _panels.WriteConstants();
    }

    /// <summary>Loads the arguments; k1 and k3 mask the rows of the panels, k2 the tokens.</summary>
    private void Enter()
    {
        EmittedFrame.Enter(_code, _arguments);
        _code.mov(eax, __dword_ptr[_arguments + TileCode.Offset(nameof(TileArguments.RowMask))]);
        _code.kmovw(k1, eax);
        _code.shr(eax, ExpandedPanelLayout.PanelRows);
        _code.kmovw(k3, eax);
        _code.mov(eax, (1 << _form.Tokens) - 1);
        _code.kmovw(k2, eax);
        _code.mov(_panels.Panel, __qword_ptr[_arguments + TileCode.Offset(nameof(TileArguments.Panels))]);
        _code.mov(_panels.PanelBytes, __qword_ptr[_arguments + TileCode.Offset(nameof(TileArguments.PanelBytes))]);
        _code.mov(_activations, __qword_ptr[_arguments + TileCode.Offset(nameof(TileArguments.Activations))]);
    }

    /// <summary>
    /// The address of a token's 4 bytes in row <paramref name="row"/> of the activation block: 0..7 quants, 8 d, 9 dsum.
    /// </summary>
    private int InActivations(int row, int token) => 4 * ((row * _form.Stride) + token);

    /// <summary>Where a half's offsets of all tokens are kept.</summary>
    private AssemblerMemoryOperand OffsetsOf(int half) =>
        _arguments + TileCode.Offset(nameof(TileArguments.Offsets)) + (half * VectorBytes);

    /// <summary>Offsets[half][token] = -Offset * (the token's sums of that half, or of both).</summary>
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
            _code.vmovdqu32(__zmmword_ptr[OffsetsOf(half)], _product1);
        }
    }

    /// <summary>
    /// Prepares the next block's (the last block's once more after the last), early enough that memory has them when
    /// they are wanted: a broadcast from a store that is still on its way waits for it.
    /// </summary>
    private void PrepareNextOffsets()
    {
        if (_layout.Offset != 0)
        {
            _code.lea(rax, __[_activations + _panels.ActivationBytes]);
            _code.cmp(_panels.Blocks, 1);
            _code.cmove(rax, _activations);
            PrepareOffsets(rax);
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
                _code.vpbroadcastd(Sum(0, token), __dword_ptr[OffsetsOf(half) + (4 * token)]);
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
        _panels.Prefetch(step);
        for (int panel = 0; panel < _form.Panels; panel++)
        {
            _panels.LoadQuants(Weights(panel), panel, step);
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
            _panels.LoadScales(Weights(panel), panel, half);
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
            _panels.LoadMinima(Weights(panel), panel);
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

    /// <summary>Begins the sums. New ones only ask for the lines of y, which are in no near cache, to write them at the end.</summary>
    private void StartRows()
    {
        Label begin = _code.CreateLabel();
        Label begun = _code.CreateLabel();
        _code.cmp(__dword_ptr[_arguments + TileCode.Offset(nameof(TileArguments.Continued))], 0);
        _code.je(begin);
        ForRows((panel, token, row) => _code.vmovups((panel == 0 ? Acc(panel, token).k1 : Acc(panel, token).k3).z, row));
        _code.jmp(begun);
        _code.Label(ref begin);
        ForRows((panel, token, row) =>
        {
            _code.prefetchw(row);
            _code.vpxord(Acc(panel, token), Acc(panel, token), Acc(panel, token));
        });
        _code.Label(ref begun);
    }

    private void StoreRows() => ForRows((panel, token, row) => _code.vmovups(panel == 0 ? row.k1 : row.k3, Acc(panel, token)));

    /// <summary>Writes code for each token's row of y, outside of the loop over blocks: the address of a panel's part of it.</summary>
    private void ForRows(Action<int, int, AssemblerMemoryOperand> write)
    {
        AssemblerRegister64 second = r11; // of Blocks, which are not counted yet or no more
        _code.mov(rax, __qword_ptr[_arguments + TileCode.Offset(nameof(TileArguments.Y))]);
        _code.mov(second, __qword_ptr[_arguments + TileCode.Offset(nameof(TileArguments.YPanelBytes))]);
        for (int token = 0; token < _form.Tokens; token++)
        {
            for (int panel = 0; panel < _form.Panels; panel++)
            {
                write(panel, token, panel == 0 ? __zmmword_ptr[rax] : __zmmword_ptr[rax + second]);
            }

            _code.add(rax, __qword_ptr[_arguments + TileCode.Offset(nameof(TileArguments.YStrideBytes))]);
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
            for (int i = 0; i < VectorBytes / 4; i++)
            {
                _code.dw(first, second);
            }
        }
    }
}
