using System;

namespace EdgeRuntime.Formats;

/// <summary>A group of weights with a common scale, for which a quantizer looks for points.</summary>
internal readonly ref struct GridGroup
{
    private readonly GridCoding _coding;
    private readonly ReadOnlySpan<float> _targets;
    private readonly ReadOnlySpan<float> _weights;

    /// <summary>Selects a group of a super-block.</summary>
    /// <param name="coding">The type.</param>
    /// <param name="targets">The magnitudes of the super-block, or its weights where points have signs.</param>
    /// <param name="weights">How much the squared error of each counts.</param>
    /// <param name="group">The index of the group.</param>
    public GridGroup(GridCoding coding, ReadOnlySpan<float> targets, ReadOnlySpan<float> weights, int group)
    {
        _coding = coding;
        _targets = targets.Slice(group * coding.GroupWeights, coding.GroupWeights);
        _weights = weights.Slice(group * coding.GroupWeights, coding.GroupWeights);
    }

    /// <summary>Finds the best scale and its points.</summary>
    /// <param name="best">Receives the points.</param>
    public GridFit FindScale(out GridCandidate best)
    {
        best = new() { Error = float.MaxValue };
        float greatest = MathF.Abs(Magnitudes.Greatest(_targets));
        if (greatest == 0)
        {
            return default;
        }

        if (_coding.RanksTrials)
        {
            Search(FindRoundingScale(greatest), out best);
            return FitScale(in best);
        }

        GridCandidate trial;
        foreach (float part in _coding.Trials)
        {
            Search(part * greatest, out trial);
            best = trial.Error < best.Error ? trial : best;
        }

        GridFit fit = FitScale(in best);
        Search(fit.Scale, out trial);
        if (trial.Error < best.Error)
        {
            best = trial;
            fit = FitScale(in best);
        }

        return fit;
    }

    /// <summary>Finds the nearest points for a scale.</summary>
    /// <param name="scale">The scale.</param>
    /// <param name="candidate">Receives the points and their error.</param>
    public void Search(float scale, out GridCandidate candidate)
    {
        int cell = _coding.CellWeights;
        GridLevels[] levels = _coding.Levels;
        candidate = default;
        GridCandidate lowered = default;
        for (int i = 0; i < _coding.GroupCells; i++)
        {
            ReadOnlySpan<float> x = _targets.Slice(i * cell, cell);
            ReadOnlySpan<float> w = _weights.Slice(i * cell, cell);
            float error = _coding.Points.Nearest(levels[0], x, w, scale, out candidate.Points[i]);
            if (levels.Length == 2)
            {
                float other = _coding.Points.Nearest(levels[1], x, w, scale, out lowered.Points[i]);
                lowered.Error += other;
                lowered.Lowered[i] = 1;
                if (_coding.ChoosesLevelsPerPoint && other < error)
                {
                    error = other;
                    candidate.Points[i] = lowered.Points[i];
                    candidate.Lowered[i] = 1;
                }
            }

            candidate.Error += error;
        }

        if (levels.Length == 2 && !_coding.ChoosesLevelsPerPoint && lowered.Error < candidate.Error)
        {
            candidate = lowered;
        }
    }

    /// <summary>Fits the scale to points.</summary>
    public GridFit FitScale(in GridCandidate candidate)
    {
        GridFit fit = default;
        for (int i = 0, at = 0; i < _coding.GroupCells; i++)
        {
            GridLevels levels = _coding.Levels[candidate.Lowered[i]];
            int digits = _coding.Points.Digits(candidate.Points[i]);
            for (int k = 0; k < levels.CellWeights; k++, at++)
            {
                float level = levels.Of(digits, k);
                fit.Product += _weights[at] * _targets[at] * level;
                fit.Square += _weights[at] * level * level;
            }
        }

        return fit;
    }

    /// <summary>Finds the trial that would be best if any combination of levels were a point.</summary>
    private float FindRoundingScale(float greatest)
    {
        float best = 0;
        float least = float.MaxValue;
        foreach (float part in _coding.Trials)
        {
            float error = RoundingError(part * greatest);
            (best, least) = error < least ? (part * greatest, error) : (best, least);
        }

        return best;
    }

    private float RoundingError(float scale)
    {
        GridLevels[] levels = _coding.Levels;
        float error = 0;
        float lowered = 0;
        for (int i = 0; i < _targets.Length; i += 8)
        {
            float first = levels[0].RoundingError(_targets.Slice(i, 8), _weights.Slice(i, 8), scale);
            float second = levels.Length == 2 ? levels[1].RoundingError(_targets.Slice(i, 8), _weights.Slice(i, 8), scale) : first;
            error += _coding.ChoosesLevelsPerPoint ? MathF.Min(first, second) : first;
            lowered += second;
        }

        return _coding.ChoosesLevelsPerPoint ? error : MathF.Min(error, lowered);
    }
}
