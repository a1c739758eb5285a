using System;

namespace EdgeRuntime.Onnx.Graph;

/// <summary>A node of a graph.</summary>
/// <param name="Name">The name.</param>
/// <param name="Operator">The operator.</param>
/// <param name="Domain">The domain of the operator; empty for the standard one.</param>
/// <param name="Inputs">The inputs; empty names are absent.</param>
/// <param name="Outputs">The outputs.</param>
/// <param name="Attributes">The attributes.</param>
internal sealed record OnnxNode(
    string Name, string Operator, string Domain, string[] Inputs, string[] Outputs, OnnxAttribute[] Attributes)
{
    /// <summary>Writes a <c>NodeProto</c>.</summary>
    public void Write(ProtoWriter writer)
    {
        Array.ForEach(Inputs, input => writer.Text(1, input));
        Array.ForEach(Outputs, output => writer.Text(2, output));
        writer.Text(3, Name);
        writer.Text(4, Operator);
        Array.ForEach(Attributes, attribute => writer.Message(5, attribute.Write));
        writer.Text(7, Domain);
    }
}
