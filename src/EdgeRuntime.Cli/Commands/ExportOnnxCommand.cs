using System;
using System.CommandLine;
using System.Linq;
using EdgeRuntime.Cli.Models;
using EdgeRuntime.Cli.Options;
using EdgeRuntime.Cli.Terminal;
using EdgeRuntime.Onnx;

namespace EdgeRuntime.Cli.Commands;

/// <summary><c>edgert export-onnx</c>: writes a model as a folder of ONNX Runtime.</summary>
internal static class ExportOnnxCommand
{
    public const string Name = "export-onnx";

    private const int ModelContext = 0;

    public static Command Create()
    {
        var model = new Argument<string>("model") { Description = "The GGUF file, or the name of a model", HelpName = "MODEL" };
        var folder = new Argument<string>("folder") { Description = "The new folder", HelpName = "FOLDER" };
        string devices = string.Join(", ", OnnxProfile.All.Select(static profile => profile.Name));
        Option<string?> device = OptionFactory.Text("--device", [], $"The device that will run the model: {devices}", "DEVICE");
        Option<bool> exact = OptionFactory.Switch("--exact", [], "Compute with float32, without rounding activations");
        Option<int> context = OptionFactory.Integer(
            "--ctx", ["-c"], "Most tokens of a sequence; 0 for those of the model", ModelContext, minimum: 0);
        Option<string?> requantize = OptionFactory.Text(
            "--requantize", [], "The type to which weights are quantized that the device can't read exactly [default: refuse]", "TYPE");
        var command = new Command(
            Name, "Writes a model as a folder that this program and ONNX Runtime GenAI open: graphs, weights and a configuration.")
        {
            model, folder, device, exact, context, requantize,
            OptionFactory.Switch("--verbose", ["-v"], "Stack traces with errors"),
        };
        command.SetAction(parsed =>
        {
            OnnxProfile profile = Find(parsed.GetValue(device) ?? OnnxProfile.Cpu.Name, devices);
            var options = new OnnxExportOptions
            {
                Profile = parsed.GetValue(exact) ? profile.Exact() : profile,
                ContextLength = parsed.GetValue(context) is > 0 and int length ? length : null,
                Requantize = parsed.GetValue(requantize),
            };
            Write(ModelLocator.Find(parsed.GetRequiredValue(model)), parsed.GetRequiredValue(folder), options);
            return 0;
        });
        return command;
    }

    private static OnnxProfile Find(string name, string devices) =>
        OnnxProfile.All.FirstOrDefault(profile => profile.Name == name)
        ?? throw new UsageException($"--device {OneLine.Value(name)}: expected one of {devices}");

    private static void Write(string path, string folder, OnnxExportOptions options)
    {
        using OnnxExport export = OnnxExport.Open(path, options);
        Console.Error.WriteLine($"writing {ByteText.Format(export.ByteLength)} to {OneLine.Value(folder)}");
        using var interrupts = new Interrupts();
        using (var bar = new ProgressBar("writing"))
        {
            export.Write(folder, bar, interrupts.Arm());
        }

        if (export.GenAiProblem is { } genAi)
        {
            Console.Error.WriteLine($"not for ONNX Runtime GenAI: {OneLine.Message(genAi)}");
        }

        if (export.TokenizerProblem is { } problem)
        {
            Console.Error.WriteLine($"no tokenizer files: {OneLine.Message(problem)}");
        }

        foreach (RequantizedTensor tensor in export.Requantized)
        {
            Console.Error.WriteLine(FormattableString.Invariant(
                $"{OneLine.Value(tensor.Name)}: {tensor.SourceType} became {tensor.TargetType}, error {tensor.Error:P1}"));
        }
    }
}
