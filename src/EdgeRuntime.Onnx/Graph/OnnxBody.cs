using System.Collections.Generic;

namespace EdgeRuntime.Onnx.Graph;

/// <summary>The nodes of a graph, or of the body that a node runs many times. A body also reads values of the graph around it.</summary>
/// <param name="Name">The name.</param>
/// <param name="Inputs">The inputs.</param>
/// <param name="Outputs">The outputs.</param>
/// <param name="Nodes">The nodes, each after those whose outputs it reads.</param>
internal sealed record OnnxBody(
    string Name, IReadOnlyList<OnnxValue> Inputs, IReadOnlyList<OnnxValue> Outputs, IReadOnlyList<OnnxNode> Nodes)
{
    /// <summary>Writes a <c>GraphProto</c> without constants.</summary>
    public void Write(ProtoWriter writer)
    {
        foreach (OnnxNode node in Nodes)
        {
            writer.Message(1, node.Write);
        }

        writer.Text(2, Name);
        foreach (OnnxValue input in Inputs)
        {
            writer.Message(11, input.Write);
        }

        foreach (OnnxValue output in Outputs)
        {
            writer.Message(12, output.Write);
        }
    }
}
