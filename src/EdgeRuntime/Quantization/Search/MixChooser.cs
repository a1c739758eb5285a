using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using EdgeRuntime.Formats;

namespace EdgeRuntime.Quantization.Search;

/// <summary>Chooses the types of tensors within a budget from measurements, and measures what it chose.</summary>
internal sealed class MixChooser
{
    /// <summary>The largest number of choices; between two of them, the chosen types that were estimated are measured.</summary>
    private const int MaxRounds = 5;

    /// <summary>The largest number of mixes that are measured for a limit on the divergence.</summary>
    private const int MaxMixes = 6;

    /// <summary>The largest number of mixes whose speed is measured for a limit on it.</summary>
    private const int MaxSpeedMixes = 4;

    /// <summary>How much of a limit on the divergence a mix aims at, so that the next one is within it.</summary>
    private const double Aim = 0.99;

    /// <summary>The share of a limit from which on no larger divergence is tried.</summary>
    private const double CloseEnough = 0.95;

    /// <summary>Bytes of a file for keys that its source lacks, beside the names of the importance matrix.</summary>
    private const int ExtraKeyBytes = 4096;

    private const int CurvePoints = 24;

    private const double NanosecondsPerSecond = 1e9;

    private readonly QuantizationPlan _plan;
    private readonly TensorCandidates[] _tensors;
    private readonly TensorSurvey _survey;
    private readonly long _fixedBytes;
    private readonly CancellationToken _cancellationToken;
    private readonly LanguageModel _model;
    private readonly MixSearchOptions _options;
    private DecodeSpeed? _speed;
    private DeviceProfile? _device;

    public MixChooser(
        LanguageModel model,
        QuantizationPlan plan,
        IReadOnlyList<int[]> chunks,
        MixMeasurements measurements,
        MixSearchOptions options,
        CancellationToken cancellationToken)
    {
        _model = model;
        _plan = plan;
        _options = options;
        _cancellationToken = cancellationToken;
        var byName = plan.Tensors.ToDictionary(static tensor => tensor.Name, plan.ImportanceOf, StringComparer.Ordinal);
        _tensors =
        [
            .. plan.Tensors.Where(static tensor => TensorRoles.CanQuantize(TensorDescription.Of(tensor.Source)))
                .Select(tensor => new TensorCandidates(tensor.Source, byName[tensor.Name]))
                .Where(static tensor => tensor.Types.Length > 0),
        ];
        if (_tensors.Length == 0)
        {
            throw new ArgumentException($"{model.Path}: has no tensor that could be smaller");
        }

        _fixedBytes = plan.Tensors.Sum(static tensor => Padded(tensor.OldBytes))
            - _tensors.Sum(static tensor => Padded(tensor.Tensor.ByteLength));
        var variants = new ModelVariants(model, tensor => byName[tensor.Name], options.Threads);
        var reference = new ReferenceLogits(model, chunks, cancellationToken);
        _survey = new TensorSurvey(_tensors, variants, reference, measurements, CostOf, options.Threads);
    }

    /// <summary>Finds the best mix within a budget.</summary>
    /// <exception cref="ArgumentException">No mix is within the budget.</exception>
    public MixPlan Run(MixBudget budget, IProgress<float>? progress)
    {
        if (budget.Kind == MixBudgetKind.TokensPerSecond)
        {
            UseSpeed();
        }

        _survey.Run(share => progress?.Report((float)(0.8 * share)), _cancellationToken);
        progress?.Report(0.85f);
        MixPlan plan = budget.Kind switch
        {
            MixBudgetKind.Divergence => ChooseForDivergence(budget.Limit),
            MixBudgetKind.TokensPerSecond when _options.Device is null => ChooseForSpeed(budget.Limit, CostOf(budget)),
            _ => Choose(CostOf(budget)),
        };
        progress?.Report(1);
        return plan;
    }

    /// <summary>Costs are times from now on.</summary>
    private void UseSpeed()
    {
        _speed = new DecodeSpeed(_plan.Source);
        _device = _options.Device ?? DeviceProfile.Measure(_model, _speed, _options.Threads, progress: null, _cancellationToken);
        Array.ForEach(_tensors, tensor => tensor.RemoveUnknown(_device));
    }

    private static long Padded(long bytes) => (bytes + 31) / 32 * 32; // GGUF's default alignment

    /// <summary>Gets the limit in the unit of the costs.</summary>
    private long CostOf(MixBudget budget) => budget.Kind switch
    {
        MixBudgetKind.Bytes => (long)budget.Limit - _fixedBytes - ExtraKeyBytes
            - _plan.Source.Parts.Sum(static part => part.DataOffset),
        MixBudgetKind.BitsPerWeight => (long)(budget.Limit * _plan.Weights / 8) - _fixedBytes,
        _ => (long)(NanosecondsPerSecond / budget.Limit),
    };

    /// <summary>Chooses for a largest total cost, and measures the types that it chooses until none of them is an estimate.</summary>
    private MixPlan Choose(long limit)
    {
        for (int round = 1; ; round++)
        {
            Knapsack knapsack = CreateKnapsack();
            if (limit < knapsack.LeastCost)
            {
                throw new ArgumentException(Describe(knapsack.LeastCost));
            }

            int[] choices = knapsack.Choose(limit);
            if (round == MaxRounds || !MeasureEstimates(choices))
            {
                return CreatePlan(choices, knapsack);
            }
        }
    }

    private string Describe(long leastCost) => _device is null
        ? FormattableString.Invariant($"no mix is so small; the smallest one has {8.0 * (leastCost + _fixedBytes) / _plan.Weights:F2} ")
            + FormattableString.Invariant($"bits per weight, {leastCost + _fixedBytes} bytes of tensors")
        : FormattableString.Invariant($"no mix is so fast on {_device.Processor}; the fastest one decodes ")
            + FormattableString.Invariant($"{NanosecondsPerSecond / leastCost:F1} tokens per second");

    /// <summary>Finds the best mix with at least a measured speed on this machine, which becomes the prediction.</summary>
    private MixPlan ChooseForSpeed(double limit, long cost)
    {
        for (int mix = 1; ; mix++)
        {
            MixPlan plan = Choose(cost);
            double seconds = DecodeSpeed.MeasureMix(_model, plan.Types, _options.Threads, _cancellationToken);
            _device = _device!.Correct(seconds * plan.TokensPerSecond!.Value);
            if (mix == MaxSpeedMixes || seconds * limit <= 1)
            {
                return plan.WithSpeed(SpeedOf(plan.Tensors), _device);
            }
        }
    }

    /// <summary>Finds the smallest mix with at most a measured divergence.</summary>
    private MixPlan ChooseForDivergence(double limit)
    {
        MixPlan? best = null;
        double aim = limit;
        for (int mix = 1; mix <= MaxMixes; mix++)
        {
            Knapsack knapsack = CreateKnapsack();
            MixPlan plan = Choose(knapsack.FindBudget(aim) ?? knapsack.MostCost);
            if (plan.MeasuredDivergence <= limit && (best is null || plan.BitsPerWeight < best.BitsPerWeight))
            {
                best = plan;
            }

            if (plan.MeasuredDivergence <= limit && plan.MeasuredDivergence >= CloseEnough * limit)
            {
                break;
            }

            aim *= Aim * limit / Math.Max(plan.MeasuredDivergence, limit / 4);
        }

        return best ?? throw new ArgumentException(
            FormattableString.Invariant($"no measured mix diverges by at most {limit}; allow more, or quantize to F16"));
    }

    private Knapsack CreateKnapsack() => new([.. _tensors.Select(tensor =>
    {
        double[] losses = _survey.Predict(tensor);
        return TypesOf(tensor).Select((type, index) => new KnapsackChoice(CostOf(tensor, type), losses[index])).ToArray();
    })]);

    /// <summary>Gets the types that a tensor may get, the present one last unless its speed is not known.</summary>
    private IEnumerable<TensorType> TypesOf(TensorCandidates tensor) =>
        _device is null || _device.SecondsPerToken.ContainsKey(tensor.Tensor.Type)
            ? tensor.Types.Append(tensor.Tensor.Type)
            : tensor.Types;

    /// <summary>Gets the bytes of a tensor, or with a limit on the speed the nanoseconds that it adds to a decoded token.</summary>
    private long CostOf(TensorCandidates tensor, TensorType type) => _device is null
        ? Padded(tensor.BytesOf(type))
        : (long)Math.Ceiling(_device.SecondsPerWeight(type) * _speed!.WeightsRead(tensor.Tensor) * NanosecondsPerSecond);

    /// <summary>Measures the chosen types that are estimates.</summary>
    /// <returns>Whether there were any.</returns>
    private bool MeasureEstimates(int[] choices)
    {
        bool any = false;
        for (int i = 0; i < _tensors.Length; i++)
        {
            TensorType type = TypesOf(_tensors[i]).ElementAt(choices[i]);
            if (!_survey.IsMeasured(_tensors[i], type))
            {
                _survey.Measure(_tensors[i], type, _cancellationToken);
                any = true;
            }
        }

        return any;
    }

    private MixPlan CreatePlan(int[] choices, Knapsack knapsack)
    {
        MixPlanTensor[] tensors = [.. _tensors.Select((tensor, index) =>
        {
            TensorType type = TypesOf(tensor).ElementAt(choices[index]);
            return new MixPlanTensor(
                tensor.Name, type, tensor.Weights, tensor.BytesOf(type), _survey.Predict(tensor)[choices[index]]);
        })];
        return new MixPlan(tensors)
        {
            BitsPerWeight = Bits(tensors.Sum(static tensor => tensor.Bytes)),
            MeasuredDivergence = _survey.MeasureMix(
                tensors.ToDictionary(static tensor => tensor.Name, static tensor => tensor.Type, StringComparer.Ordinal),
                _cancellationToken),
            TokensPerSecond = _device is null ? null : SpeedOf(tensors),
            Device = _device,
            Curve = _device is null ? [.. CreateCurve(knapsack)] : [],
        };
    }

    private double SpeedOf(IReadOnlyList<MixPlanTensor> tensors) =>
        NanosecondsPerSecond / tensors.Select((tensor, i) => CostOf(_tensors[i], tensor.Type)).Sum();

    private IEnumerable<MixPoint> CreateCurve(Knapsack knapsack)
    {
        long most = _tensors.Sum(tensor => CostOf(tensor, tensor.LargestQuantized));
        for (int point = 0; point <= CurvePoints; point++)
        {
            long cost = knapsack.LeastCost + (point * ((most - knapsack.LeastCost) / CurvePoints));
            yield return new MixPoint(Bits(cost), knapsack.LossOf(cost));
        }
    }

    /// <summary>Gets the bits per weight of the model with a number of bytes for the chosen tensors.</summary>
    private double Bits(long bytes) => 8.0 * (bytes + _fixedBytes) / _plan.Weights;
}
