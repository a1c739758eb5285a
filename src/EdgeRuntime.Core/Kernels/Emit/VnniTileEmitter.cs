using System;
using EdgeRuntime.Kernels.Panels;
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace EdgeRuntime.Kernels.Emit;

/// <summary>
/// Emits the AVX512-VNNI tile of one layout and one form. A vector holds sixteen rows. With two panels, each broadcast of activations
/// serves both; with one panel, loads (a broadcast for each product) are the bottleneck on processors that multiply whole 512-bit
/// vectors. The int32 sums start at -Offset times the activations' sums. One multiplication computes these for all tokens; they are
/// then loaded as broadcasts from memory, which uses no arithmetic unit.
/// </summary>
/// <param name="code">The assembler that instructions are added to.</param>
/// <param name="panels">The code that reads the panels.</param>
internal sealed unsafe class VnniTileEmitter(Assembler code, TileCode panels)
{
    private const int VectorBytes = 64;

    private readonly Label[] _offsetFactors = [code.CreateLabel(), code.CreateLabel()];

    /// <summary>Makes a tile of expanded panels; returns its entry, a <c>delegate* unmanaged&lt;TileArguments*, void&gt;</c>.</summary>
    /// <param name="layout">The panels' layout.</param>
    /// <param name="form">Panels and tokens.</param>
    public static nint Make(ExpandedPanelLayout layout, TileForm form) =>
        EmittedCode.Make(code => new VnniTileEmitter(code, new ExpandedTileCode(code, layout, form)).Write());

    /// <summary>Makes a tile of packed panels; returns its entry point, of the same type.</summary>
    public static nint Make(PackedLayout layout, TileForm form) =>
        EmittedCode.Make(code => new VnniTileEmitter(code, new PackedTileCode(code, layout, form)).Write());

    private AssemblerRegisterZMM Sum(int panel, int token) => new(Register.ZMM0 + (panel * panels.Form.Tokens) + token);

    private AssemblerRegisterZMM Acc(int panel, int token) => new(Register.ZMM0 + TileForm.MaxSums + (panel * panels.Form.Tokens) + token);

    /// <summary>The register of a panel's quants or scales.</summary>
    private static AssemblerRegisterZMM Weights(int panel) => new(Register.ZMM0 + (2 * TileForm.MaxSums) + panel);

    private static AssemblerRegisterZMM Value(int token) => token % 2 == 0 ? zmm26 : zmm27;

    private AssemblerRegisterZMM Product(int token) => token % 2 == 0 ? panels.Temporary : zmm29;

    private void Write()
    {
        Label nextBlock = code.CreateLabel();
        Enter();
        StartRows();
        PrepareOffsets(panels.Activations);
        code.mov(panels.Blocks, __dword_ptr[panels.Field(nameof(TileArguments.Blocks))]);
        panels.Begin();
        code.Label(ref nextBlock);
        int halves = panels.Layout.Scales;
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

        if (panels.Layout.Mins == 1)
        {
            AddMinima();
        }

        code.add(panels.Activations, panels.ActivationBytes);
        panels.Loop(nextBlock);
        StoreRows();
        EmittedFrame.Leave(code);
        WriteConstants();
        panels.WriteConstants();
    }

    /// <summary>Loads the arguments; k1 and k3 mask the rows of the panels, k2 the tokens.</summary>
    private void Enter()
    {
        EmittedFrame.Enter(code, panels.Arguments);
        code.mov(eax, __dword_ptr[panels.Field(nameof(TileArguments.RowMask))]);
        code.kmovw(k1, eax);
        code.shr(eax, ExpandedPanelLayout.PanelRows);
        code.kmovw(k3, eax);
        code.mov(eax, (1 << panels.Form.Tokens) - 1);
        code.kmovw(k2, eax);
        code.mov(panels.Panel, __qword_ptr[panels.Field(nameof(TileArguments.Panels))]);
        code.mov(panels.PanelBytes, __qword_ptr[panels.Field(nameof(TileArguments.PanelBytes))]);
        code.mov(panels.Activations, __qword_ptr[panels.Field(nameof(TileArguments.Activations))]);
    }

    /// <summary>Gets the offset of a token's 4 bytes in a row of the activation block: 0..7 quants, 8 d, 9 dsum.</summary>
    private int InActivations(int row, int token) => 4 * ((row * panels.Form.Stride) + token);

    /// <summary>Gets the operand of a half's offsets of all tokens.</summary>
    private AssemblerMemoryOperand OffsetsOf(int half) => panels.Field(nameof(TileArguments.Offsets)) + (half * VectorBytes);

    /// <summary>Offsets[half][token] = -Offset * (the token's sums of that half, or of both).</summary>
    private void PrepareOffsets(AssemblerRegister64 activations)
    {
        if (panels.Layout.Offset == 0)
        {
            return;
        }

        // The mask keeps the load inside the tile: sum16 is at its end.
        code.vmovdqu32(panels.Temporary.k2.z, __zmmword_ptr[activations + InActivations(10, 0)]);
        for (int half = 0; half < panels.Layout.Scales; half++)
        {
            code.vpmaddwd(zmm29, panels.Temporary, __zmmword_ptr[_offsetFactors[half]]);
            code.vmovdqu32(__zmmword_ptr[OffsetsOf(half)], zmm29);
        }
    }

    /// <summary>
    /// Prepares the offsets of the next block (of the last block again after the last one), well before they are loaded: a broadcast
    /// has to wait for a store that has not completed.
    /// </summary>
    private void PrepareNextOffsets()
    {
        if (panels.Layout.Offset != 0)
        {
            code.lea(rax, __[panels.Activations + panels.ActivationBytes]);
            code.cmp(panels.Blocks, 1);
            code.cmove(rax, panels.Activations);
            PrepareOffsets(rax);
        }
    }

    private void StartSums(int half)
    {
        for (int token = 0; token < panels.Form.Tokens; token++)
        {
            if (panels.Layout.Offset == 0)
            {
                code.vpxord(Sum(0, token), Sum(0, token), Sum(0, token));
            }
            else
            {
                code.vpbroadcastd(Sum(0, token), __dword_ptr[OffsetsOf(half) + (4 * token)]);
            }

            if (panels.Form.Panels == 2)
            {
                code.vmovdqa32(Sum(1, token), Sum(0, token));
            }
        }
    }

    /// <summary>sum += quants of four columns times a token's activations.</summary>
    private void MultiplyStep(int step)
    {
        panels.Prefetch(step);
        for (int panel = 0; panel < panels.Form.Panels; panel++)
        {
            panels.LoadQuants(Weights(panel), panel, step);
        }

        for (int token = 0; token < panels.Form.Tokens; token++)
        {
            if (panels.Form.Panels == 1)
            {
                code.vpdpbusd(Sum(0, token), Weights(0), __dword_bcst[panels.Activations + InActivations(step, token)]);
                continue;
            }

            code.vpbroadcastd(Value(token), __dword_ptr[panels.Activations + InActivations(step, token)]);
            code.vpdpbusd(Sum(0, token), Weights(0), Value(token));
            code.vpdpbusd(Sum(1, token), Weights(1), Value(token));
        }
    }

    /// <summary>acc = fma((float)sum, scale * d, acc).</summary>
    private void AddScaled(int half)
    {
        for (int panel = 0; panel < panels.Form.Panels; panel++)
        {
            panels.LoadScales(Weights(panel), panel, half);
        }

        for (int token = 0; token < panels.Form.Tokens; token++)
        {
            code.vbroadcastss(Value(token), __dword_ptr[panels.Activations + InActivations(8, token)]);
            for (int panel = 0; panel < panels.Form.Panels; panel++)
            {
                AssemblerRegisterZMM product = Product(token + panel);
                code.vcvtdq2ps(Sum(panel, token), Sum(panel, token));
                code.vmulps(product, Weights(panel), Value(token));
                code.vfmadd231ps(Acc(panel, token), Sum(panel, token), product);
            }
        }
    }

    /// <summary>acc = fma(min, dsum, acc).</summary>
    private void AddMinima()
    {
        for (int panel = 0; panel < panels.Form.Panels; panel++)
        {
            panels.LoadMinima(Weights(panel), panel);
        }

        for (int token = 0; token < panels.Form.Tokens; token++)
        {
            code.vbroadcastss(Value(token), __dword_ptr[panels.Activations + InActivations(9, token)]);
            for (int panel = 0; panel < panels.Form.Panels; panel++)
            {
                code.vfmadd231ps(Acc(panel, token), Weights(panel), Value(token));
            }
        }
    }

    /// <summary>Starts the sums. New sums only prefetch the lines of y, which no near cache holds, for the stores at the end.</summary>
    private void StartRows()
    {
        Label begin = code.CreateLabel();
        Label begun = code.CreateLabel();
        code.cmp(__dword_ptr[panels.Field(nameof(TileArguments.Continued))], 0);
        code.je(begin);
        ForRows((panel, token, row) => code.vmovups((panel == 0 ? Acc(panel, token).k1 : Acc(panel, token).k3).z, row));
        code.jmp(begun);
        code.Label(ref begin);
        ForRows((panel, token, row) =>
        {
            code.prefetchw(row);
            code.vpxord(Acc(panel, token), Acc(panel, token), Acc(panel, token));
        });
        code.Label(ref begun);
    }

    private void StoreRows() => ForRows((panel, token, row) => code.vmovups(panel == 0 ? row.k1 : row.k3, Acc(panel, token)));

    /// <summary>Writes code for each panel's part of each token's row of y, outside the loop over blocks.</summary>
    private void ForRows(Action<int, int, AssemblerMemoryOperand> write)
    {
        AssemblerRegister64 second = r11; // shared with Blocks, which is used only in the loop
        code.mov(rax, __qword_ptr[panels.Field(nameof(TileArguments.Y))]);
        code.mov(second, __qword_ptr[panels.Field(nameof(TileArguments.YPanelBytes))]);
        for (int token = 0; token < panels.Form.Tokens; token++)
        {
            for (int panel = 0; panel < panels.Form.Panels; panel++)
            {
                write(panel, token, panel == 0 ? __zmmword_ptr[rax] : __zmmword_ptr[rax + second]);
            }

            code.add(rax, __qword_ptr[panels.Field(nameof(TileArguments.YStrideBytes))]);
        }
    }

    /// <summary>The factors of sum16's two int16, for each half.</summary>
    private void WriteConstants()
    {
        if (panels.Layout.Offset == 0)
        {
            return;
        }

        for (int half = 0; half < panels.Layout.Scales; half++)
        {
            code.Label(ref _offsetFactors[half]);
            short first = (short)(panels.Layout.Scales == 1 || half == 0 ? -panels.Layout.Offset : 0);
            short second = (short)(panels.Layout.Scales == 1 || half == 1 ? -panels.Layout.Offset : 0);
            for (int i = 0; i < VectorBytes / 4; i++)
            {
                code.dw(first, second);
            }
        }
    }
}
