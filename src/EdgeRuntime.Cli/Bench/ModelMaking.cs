using System.CommandLine;
using System.IO;
using System.Linq;
using EdgeRuntime.Cli.Bench.Peer;
using EdgeRuntime.Cli.Bench.Plan;
using EdgeRuntime.Cli.Bench.Synthesis;
using EdgeRuntime.Cli.Options;
using EdgeRuntime.Cli.Terminal;
using EdgeRuntime.Files;
using EdgeRuntime.Quantization;

namespace EdgeRuntime.Cli.Bench;

/// <summary>The options of <c>edgert bench</c> that write a model file instead of measuring one.</summary>
internal sealed class ModelMaking
{
    private readonly Option<string?> _makeModel = OptionFactory.Text(
        "--make-model", [], "Write a GGUF with random weights instead, to the file named as argument. SHAPE: "
        + string.Join(", ", ModelShape.All.Select(shape => shape.Name))
        + ", with sizes changed where wanted (qwen-0.5b,layers=2,vocab=1003); TYPE: "
        + string.Join(", ", QuantizationMix.All.Select(mix => mix.Name)), "SHAPE:TYPE");

    private readonly Option<string?> _requantize = OptionFactory.Text(
        "--requantize", [], "Make another type of a file with llama.cpp's quantizer instead; arguments: IN.gguf TYPE OUT.gguf",
        PeerOptions.LlamaPrefix + "PATH");

    private readonly Option<string?> _importance = OptionFactory.Text(
        "--imatrix", [], "With --requantize: an importance matrix (GGUF) by llama.cpp's imatrix tool, which types below 3 bits need",
        "FILE");

    private readonly Option<bool> _force = OptionFactory.Switch(
        "--force", [], "With --make-model or --requantize: replace a file that is there already");

    /// <summary>Gets the options.</summary>
    public Option[] All => [_makeModel, _requantize, _importance, _force];

    /// <summary>Writes the model that the command line describes.</summary>
    /// <returns>False if the command line describes no model.</returns>
    /// <exception cref="UsageException">Wrong arguments.</exception>
    public bool Run(ParseResult parsed, string[] arguments)
    {
        bool force = parsed.GetValue(_force);
        string? importance = parsed.GetValue(_importance);
        if (importance is not null && parsed.GetValue(_requantize) is null)
        {
            throw new UsageException("--imatrix has no meaning without --requantize");
        }

        if (parsed.GetValue(_makeModel) is { } wanted)
        {
            MakeModel(wanted, arguments, force);
            return true;
        }

        if (parsed.GetValue(_requantize) is { } library)
        {
            Requantize(PeerOptions.ParsePath(_requantize.Name, library), arguments, importance, force);
            return true;
        }

        if (force)
        {
            throw new UsageException("--force has no meaning without --make-model or --requantize");
        }

        return false;
    }

    private static void MakeModel(string wanted, string[] arguments, bool force)
    {
        if (arguments is not [var path] || wanted.Split(':') is not [var shape, var type])
        {
            throw new UsageException("expected: edgert bench --make-model SHAPE:TYPE OUT.gguf");
        }

        ModelShape found = ModelShape.Parse(shape);
        QuantizationMix mix = QuantizationMix.Find(type);
        using FileReplacement file = UserFile.CreateModel(path, force);
        using var buffered = new BufferedStream(file, 1 << 20);
        SyntheticModel.Write(found, mix, buffered);
        buffered.Flush();
        file.Commit();
    }

    private static void Requantize(string library, string[] arguments, string? importance, bool force)
    {
        if (arguments is not [var input, var type, var output])
        {
            throw new UsageException($"expected: edgert bench --requantize {PeerOptions.LlamaPrefix}PATH IN.gguf TYPE OUT.gguf");
        }

        LlamaQuantizer.Run(library, input, type, output, importance, force);
    }
}
