using System;
using System.Linq;
using EdgeRuntime.Modules;

namespace EdgeRuntime.Architectures;

/// <content>The keys of layers that keep recurrent state.</content>
internal sealed partial class ArchitectureKeys
{
    /// <summary>The sizes of Mamba 2 layers.</summary>
    /// <param name="epsilon">Of the norm of groups; null where layers have none.</param>
    public Mamba2Spec Mamba2(float? epsilon)
    {
        var spec = new Mamba2Spec(
            Positive("ssm.inner_size"), Positive("ssm.time_step_rank"), Positive("ssm.group_count"), Positive("ssm.state_size"),
            Positive("ssm.conv_kernel"), epsilon);
        RequireWidth("ssm.state_size", spec.Inner, spec.StateSize);
        RequireWidth("ssm.group_count", spec.Groups, spec.StateSize);
        RequireWidth("ssm.conv_kernel", spec.ConvolutionWidth, spec.Taps);
        Require(spec.Inner % spec.Heads == 0, "ssm.time_step_rank", $"{spec.Heads}", $"a divisor of ssm.inner_size, {spec.Inner}");
        Require(spec.Heads % spec.Groups == 0, "ssm.group_count", $"{spec.Groups}", $"a divisor of ssm.time_step_rank, {spec.Heads}");
        return spec;
    }

    /// <summary>The sizes of Mamba layers.</summary>
    public MambaSpec Mamba()
    {
        var spec = new MambaSpec(
            Positive("ssm.inner_size"), Positive("ssm.time_step_rank"), Positive("ssm.state_size"), Positive("ssm.conv_kernel"), RmsEpsilon,
            Flag("ssm.dt_b_c_rms", false));
        RequireWidth("ssm.inner_size", 2, spec.Inner);
        RequireWidth("ssm.state_size", spec.Inner, spec.StateSize);
        RequireWidth("ssm.conv_kernel", spec.Inner, spec.Taps);
        return spec;
    }

    /// <summary>The sizes of layers with the delta rule and one decay for each head.</summary>
    public DeltaRuleSpec DeltaRule()
    {
        var spec = new DeltaRuleSpec
        {
            Heads = Positive("ssm.time_step_rank"),
            KeyHeads = Positive("ssm.group_count"),
            HeadSize = Positive("ssm.state_size"),
            Taps = Positive("ssm.conv_kernel"),
            Epsilon = RmsEpsilon,
        };
        RequireDeltaRule(spec, "ssm.state_size");
        int inner = Positive("ssm.inner_size");
        Require(spec.Heads % spec.KeyHeads == 0, "ssm.group_count", $"{spec.KeyHeads}", $"a divisor of ssm.time_step_rank, {spec.Heads}");
        Require(inner == spec.ValueWidth, "ssm.inner_size", $"{inner}", $"ssm.time_step_rank times ssm.state_size, {spec.ValueWidth}");
        return spec;
    }

    /// <summary>Refuses sizes of a delta rule that no model comes near, and which would overflow.</summary>
    public void RequireDeltaRule(DeltaRuleSpec spec, string sizeKey)
    {
        RequireHeadLength(sizeKey, spec.HeadSize);
        RequireWidth(sizeKey, Math.Max(spec.Heads, spec.KeyHeads), spec.HeadSize);
        RequireWidth(sizeKey, spec.ValueWidth, spec.HeadSize);
        RequireWidth("ssm.conv_kernel", spec.MixedWidth, spec.Taps);
    }

    /// <summary>The layers with a recurrent mixer: those of the file's list, or all but every last of a period.</summary>
    public bool[] RecurrentLayers(int period)
    {
        const string Key = "attention.recurrent_layers";
        int layers = LayerCount;
        if (!Has(Key))
        {
            period = Positive("full_attention_interval", period);
            return [.. Enumerable.Range(1, layers).Select(layer => layer % period != 0)];
        }

        return Flags(Key, layers);
    }
}
