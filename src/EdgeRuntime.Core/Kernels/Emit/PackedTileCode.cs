using EdgeRuntime.Kernels.Panels;
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace EdgeRuntime.Kernels.Emit;

/// <summary>
/// Reads panels in a <see cref="PackedLayout"/>. Quants are unpacked in registers, once for all tokens; scales are computed when they
/// are used, by the same operations as in the kernels for one token. Within a strip <see cref="TileCode.Panel"/> points at
/// the scales of the block, another register at the quants.
/// </summary>
internal sealed class PackedTileCode(Assembler code, PackedLayout layout, TileForm form) : TileCode(code, layout.Expanded, form), IScaleCode
{
    /// <summary>A | (B &amp; C), for vpternlogd.</summary>
    private const byte OrAnd = 0xf8;

    private readonly AssemblerRegister64 _quants = r10;
    private readonly AssemblerRegisterZMM _lowNibbles = zmm30, _values = zmm31;
    private Label _nextStrip = code.CreateLabel(), _done = code.CreateLabel();
    private Label _nibbleMask = code.CreateLabel(), _highMask = code.CreateLabel();
    private Label _signMask = code.CreateLabel(), _table = code.CreateLabel();

    private AssemblerRegisterZMM _target;
    private int _panel;

    private int Bits => layout.Shape.Bits;

    private bool IsCoded => !layout.Shape.Code.Levels.IsEmpty;

    public override void Begin()
    {
        if (Bits < 8)
        {
            Code.vpbroadcastd(_lowNibbles, __dword_ptr[_nibbleMask]);
        }

        if (IsCoded)
        {
            Code.vbroadcasti32x4(_values, __xmmword_ptr[_table]);
        }

        Code.Label(ref _nextStrip);
        Code.mov(eax, PackedLayout.StripBlocks);
        Code.cmp(Blocks, eax);
        Code.cmovb(eax, Blocks);
        Code.mov(__dword_ptr[Field(nameof(TileArguments.StripBlocks))], eax);
        PointAtQuants();
        // The next strip is prefetched during this one; after the last strip, the memory that follows the panels.
        Code.lea(rax, __[Panel + layout.StripBytes(PackedLayout.StripBlocks)]);
        Code.mov(__qword_ptr[Field(nameof(TileArguments.Ahead))], rax);
        if (layout.IsSuperBlock)
        {
            Code.mov(__qword_ptr[Field(nameof(TileArguments.Strip))], Panel);
            Code.add(Panel, layout.StripScaleBytes);
        }
    }

    public override void Prefetch(int step)
    {
        // The average number of cache lines of a block in a strip, for each panel.
        int blockBytes = layout.StripBytes(PackedLayout.StripBlocks) / PackedLayout.StripBlocks;
        int lines = (blockBytes + CacheLine - 1) / CacheLine;
        Code.mov(rax, __qword_ptr[Field(nameof(TileArguments.Ahead))]);
        for (int line = step; line < lines * Form.Panels; line += 8)
        {
            Code.prefetcht0(At(rax, line / lines, line % lines * CacheLine));
        }

        if (step == 7)
        {
            Code.add(rax, blockBytes);
            Code.mov(__qword_ptr[Field(nameof(TileArguments.Ahead))], rax);
        }
    }

    public override void LoadQuants(AssemblerRegisterZMM target, int panel, int step)
    {
        if (Bits == 8)
        {
            Code.vmovdqu32(target, Vector(panel, step));
            return;
        }

        if (step < 4)
        {
            Code.vpandd(target, _lowNibbles, Vector(panel, step));
        }
        else
        {
            Code.vpsrlw(target, Vector(panel, step - 4), 4);
            Code.vpandd(target, target, _lowNibbles);
        }

        if (IsCoded)
        {
            Code.vpshufb(target, _values, target);
        }
        else if (Bits == 5)
        {
            AddHighBits(target, Vector(panel, 4), left: 4 - step);
        }
        else if (Bits == 6)
        {
            AddHighBits(target, Vector(panel, 4 + (step / 4)), left: 4 - (2 * (step % 4)));
        }
    }

    public override void LoadScales(AssemblerRegisterZMM target, int panel, int half)
    {
        (_target, _panel) = (target, panel);
        layout.WriteScale(this, half);
    }

    public override void LoadMinima(AssemblerRegisterZMM target, int panel)
    {
        (_target, _panel) = (target, panel);
        layout.WriteMin(this);
    }

    public void LoadHalves(int place) => Code.vcvtph2ps(_target, At(Panel, _panel, place));

    public void LoadBytes(int place) => Code.vpmovzxbd(_target, At(Panel, _panel, place));

    public void LoadSignedBytes(int place) => Code.vpmovsxbd(_target, At(Panel, _panel, place));

    public void MultiplyByStrip(int place)
    {
        Code.mov(rax, __qword_ptr[Field(nameof(TileArguments.Strip))]);
        Code.vcvtph2ps(Temporary, At(rax, _panel, place));
        Code.vcvtdq2ps(_target, _target);
        Code.vmulps(_target, Temporary, _target);
    }

    public void Negate() => Code.vpxord(_target, _target, __dword_bcst[_signMask]);

    public override void Loop(Label nextBlock)
    {
        Code.add(Panel, layout.BlockScaleBytes);
        Code.add(_quants, layout.BlockBytes);
        Code.dec(Blocks);
        Code.jz(_done);
        Code.dec(__dword_ptr[Field(nameof(TileArguments.StripBlocks))]);
        Code.jnz(nextBlock);
        Code.mov(Panel, _quants);
        Code.jmp(_nextStrip);
        Code.Label(ref _done);
    }

    public override void WriteConstants()
    {
        if (IsCoded)
        {
            Code.Label(ref _table);
            foreach (byte level in layout.Shape.Code.Levels)
            {
                Code.db(level);
            }
        }

        Code.Label(ref _nibbleMask);
        Code.dd(0x0f0f0f0f);
        Code.Label(ref _highMask);
        Code.dd(Bits == 5 ? 0x10101010 : 0x30303030);
        Code.Label(ref _signMask);
        Code.dd(int.MinValue);
    }

    /// <summary>Gets the operand of a vector of a panel's block.</summary>
    private AssemblerMemoryOperand Vector(int panel, int index) => At(_quants, panel, index * StepBytes);

    /// <summary>Points at the strip's quants, which follow its scales. eax holds the blocks of the strip, fewer in the last one.</summary>
    private void PointAtQuants()
    {
        if (layout.IsSuperBlock)
        {
            Code.lea(_quants, __[Panel + layout.ScaleBytes(PackedLayout.StripBlocks)]);
            return;
        }

        Code.imul(eax, eax, layout.BlockScaleBytes);
        Code.add(eax, CacheLine - 1);
        Code.and(eax, -CacheLine);
        Code.lea(_quants, __[Panel + rax]);
    }

    /// <summary>target |= the bits of a plane that belong above those of target, shifted to the left.</summary>
    private void AddHighBits(AssemblerRegisterZMM target, AssemblerMemoryOperand plane, int left)
    {
        if (left > 0)
        {
            Code.vpsllw(Temporary, plane, (byte)left);
        }
        else
        {
            Code.vpsrlw(Temporary, plane, (byte)-left);
        }

        Code.vpternlogd(target, Temporary, __dword_bcst[_highMask], OrAnd);
    }
}
