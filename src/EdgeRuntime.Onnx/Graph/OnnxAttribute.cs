namespace EdgeRuntime.Onnx.Graph;

/// <summary>An attribute of a node: an integer, a float, a text, integers or a body.</summary>
internal sealed class OnnxAttribute
{
    // Numbers of AttributeProto.AttributeType.
    private const int FloatType = 1;
    private const int IntegerType = 2;
    private const int TextType = 3;
    private const int BodyType = 5;
    private const int IntegersType = 7;

    private readonly string _name;
    private readonly object _value;

    private OnnxAttribute(string name, object value)
    {
        _name = name;
        _value = value;
    }

    /// <summary>Creates an attribute that is an integer.</summary>
    public static OnnxAttribute Of(string name, long value) => new(name, value);

    /// <summary>Creates an attribute that is a float.</summary>
    public static OnnxAttribute Of(string name, float value) => new(name, value);

    /// <summary>Creates an attribute that is a text.</summary>
    public static OnnxAttribute Of(string name, string value) => new(name, value);

    /// <summary>Creates an attribute that is a list of integers.</summary>
    public static OnnxAttribute Of(string name, long[] values) => new(name, values);

    /// <summary>Creates an attribute that is the body of the node.</summary>
    public static OnnxAttribute Of(string name, OnnxBody body) => new(name, body);

    /// <summary>Writes an <c>AttributeProto</c>.</summary>
    public void Write(ProtoWriter writer)
    {
        writer.Text(1, _name);
        switch (_value)
        {
            case float number:
                writer.Single(2, number);
                writer.Integer(20, FloatType);
                break;
            case long integer:
                writer.Integer(3, integer);
                writer.Integer(20, IntegerType);
                break;
            case string text:
                writer.Text(4, text);
                writer.Integer(20, TextType);
                break;
            case OnnxBody body:
                writer.Message(6, body.Write);
                writer.Integer(20, BodyType);
                break;
            case long[] integers:
                foreach (long integer in integers)
                {
                    writer.Integer(8, integer);
                }

                writer.Integer(20, IntegersType);
                break;
        }
    }
}
