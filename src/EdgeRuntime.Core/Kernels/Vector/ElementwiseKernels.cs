namespace EdgeRuntime.Kernels.Vector;

/// <summary>
/// Elementwise steps of a transformer on float vectors. Results are equal to the bit for every instruction set. Immutable: any
/// number of threads may use an instance. Arguments are not checked: pointers are valid for the shapes given below.
/// </summary>
internal abstract unsafe class ElementwiseKernels
{
    /// <summary>y = x / sqrt(mean(x^2) + epsilon) * weight.</summary>
    /// <param name="x">[count].</param>
    /// <param name="weight">[count]; null for ones.</param>
    /// <param name="epsilon">Added to the mean.</param>
    /// <param name="y">[count]; may be x.</param>
    /// <param name="count">Elements, at least 1.</param>
    /// <remarks>The sum of squares is 16 fma chains by i mod 16, then <see cref="LaneMath.Reduce"/>.</remarks>
    public abstract void RmsNorm(float* x, float* weight, float epsilon, float* y, int count);

    /// <summary>y = (x - mean(x)) / sqrt(variance(x) + epsilon) * weight + bias.</summary>
    /// <param name="x">[count].</param>
    /// <param name="weight">[count]; null for ones.</param>
    /// <param name="bias">[count]; null for zeros.</param>
    /// <param name="epsilon">Added to the variance.</param>
    /// <param name="y">[count]; may be x.</param>
    /// <param name="count">Elements, at least 1.</param>
    /// <remarks>Both sums are 16 chains by i mod 16, then <see cref="LaneMath.Reduce"/>; the variance is that of x - mean(x).</remarks>
    public abstract void LayerNorm(float* x, float* weight, float* bias, float epsilon, float* y, int count);

    /// <summary>h = activation(gate) * up.</summary>
    /// <param name="activation">The function.</param>
    /// <param name="gate">[count].</param>
    /// <param name="up">[count].</param>
    /// <param name="h">[count]; may be gate or up.</param>
    /// <param name="count">Elements.</param>
    public abstract void Gate(Activation activation, float* gate, float* up, float* h, int count);

    /// <summary>y = activation(x).</summary>
    /// <param name="activation">The function.</param>
    /// <param name="x">[count].</param>
    /// <param name="y">[count]; may be x.</param>
    /// <param name="count">Elements.</param>
    public abstract void Activate(Activation activation, float* x, float* y, int count);

    /// <summary>y = xielu(x).</summary>
    /// <param name="function">The parameters.</param>
    /// <param name="x">[count].</param>
    /// <param name="y">[count]; may be x.</param>
    /// <param name="count">Elements.</param>
    public abstract void Activate(Xielu function, float* x, float* y, int count);

    /// <summary>x = cap * tanh(x / cap).</summary>
    public abstract void Cap(float* x, float cap, int count);

    /// <summary>x = x * factor.</summary>
    public abstract void Scale(float* x, float factor, int count);

    /// <summary>y = x * z.</summary>
    public abstract void Multiply(float* x, float* z, float* y, int count);

    /// <summary>y = y + x * z, with one rounding.</summary>
    public abstract void AddProduct(float* x, float* z, float* y, int count);

    /// <summary>
    /// A step of a state space with a decay for every element: state = state * exp(time * a) + input * b; y = sum over the states of
    /// state * c, in their order.
    /// </summary>
    /// <param name="from">The state, [states, stride], of which <paramref name="count"/> channels.</param>
    /// <param name="to">The new state; may be <paramref name="from"/>.</param>
    /// <param name="a">[states, stride].</param>
    /// <param name="stride">The distance between two states of a channel.</param>
    /// <param name="time">[count].</param>
    /// <param name="input">[count].</param>
    /// <param name="b">[states].</param>
    /// <param name="c">[states].</param>
    /// <param name="states">States of a channel.</param>
    /// <param name="y">[count].</param>
    /// <param name="count">Channels.</param>
    public abstract void ScanChannels(
        float* from, float* to, float* a, int stride, float* time, float* input, float* b, float* c, int states, float* y, int count);

    /// <summary>
    /// Steps of a recurrence over a matrix: state = decay * state + key (x) rate (value - read * state); y = query * state. Each column is
    /// on its own, and its sums are in the order of the rows.
    /// </summary>
    /// <param name="from">The state, [columns / 32, rows, 32]: panels of <see cref="MatrixSteps.PanelColumns"/>.</param>
    /// <param name="to">The new state; may be <paramref name="from"/>.</param>
    /// <param name="rows">Rows of the state.</param>
    /// <param name="columns">Columns of the state.</param>
    /// <param name="steps">The inputs and results of the steps.</param>
    public abstract void StepMatrix(float* from, float* to, int rows, int columns, in MatrixSteps steps);

    /// <summary>y = y + x * factor, with one rounding.</summary>
    public abstract void AddScaled(float* x, float factor, float* y, int count);

    /// <summary>y = y + x.</summary>
    public abstract void Add(float* x, float* y, int count);

    /// <summary>Returns the sum of x, as 16 chains by i mod 16.</summary>
    public abstract float Sum(float* x, int count);

    /// <summary>Returns the sum of the squares of x, as 16 chains by i mod 16.</summary>
    public abstract float SumOfSquares(float* x, int count);
}
