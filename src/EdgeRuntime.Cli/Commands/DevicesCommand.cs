using System;
using System.CommandLine;
using System.Linq;
using System.Text.Json.Nodes;
using EdgeRuntime.Cli.Models;
using EdgeRuntime.Cli.Options;
using EdgeRuntime.Cli.Terminal;
using EdgeRuntime.Onnx;

namespace EdgeRuntime.Cli.Commands;

/// <summary><c>edgert devices</c>: lists the devices of this machine, and why others are missing.</summary>
internal static class DevicesCommand
{
    public static Command Create()
    {
        var model = new Argument<string?>("model")
        {
            Description = "A .gguf file or a name of a model; then each device says whether it can run it",
            Arity = ArgumentArity.ZeroOrOne,
        };
        Option<bool> json = OptionFactory.Switch("--json", [], "Print one JSON array");
        var command = new Command(
            "devices",
            $"Lists the devices for {DeviceChoice.DeviceOptionName}: those of this machine, and what is missing for the others. The "
            + $"library of ONNX Runtime lies beside this program; {OnnxDevice.LibraryVariable} names another one.")
        {
            model, json, OptionFactory.Switch("--verbose", ["-v"], "Stack traces with errors"),
        };
        command.SetAction(parsed =>
        {
            string? path = parsed.GetValue(model) is { } name ? ModelLocator.Find(name) : null;
            DeviceReport[] reports = [DeviceReport.OfProcessor(path), .. OnnxDevice.All.Select(device => DeviceReport.Of(device, path))];
            using var output = new StandardOutput();
            if (parsed.GetValue(json))
            {
                JsonText.Write(new JsonArray([.. reports.Select(report => report.ToJson())]), output);
            }
            else
            {
                Array.ForEach(reports, report => output.Write($"{report.Name,-10}  {OneLine.Message(report.ToText())}\n"));
            }

            return 0;
        });
        return command;
    }

    /// <summary>What this machine has of a device, and what the device can run.</summary>
    /// <param name="Name">The name of the device.</param>
    /// <param name="Problem">Why the device is missing; null if it is there.</param>
    /// <param name="ModelProblem">Why it can't run the model; null if it can, or if there is no model.</param>
    private sealed record DeviceReport(string Name, string? Problem, string? ModelProblem)
    {
        private const string Ready = "ready";

        public static DeviceReport OfProcessor(string? model) =>
            new(DeviceChoice.Processor, null, FindProblem(model, ModelLoading.FindProcessorProblem));

        public static DeviceReport Of(OnnxDevice device, string? model) =>
            new(device.Name, WithoutName(device.FindProblem(), device.Name), FindProblem(model, device.FindModelProblem));

        public string ToText() => Problem is not null ? $"missing: {Problem}"
            : ModelProblem is not null ? $"{Ready}, but does not run this model: {ModelProblem}"
            : Ready;

        public JsonObject ToJson() => new()
        {
            ["name"] = Name,
            ["available"] = Problem is null,
            ["problem"] = Problem,
            ["model_problem"] = ModelProblem,
        };

        private static string? FindProblem(string? model, Func<string, string?> find) => model is null ? null : find(model);

        private static string? WithoutName(string? problem, string name) =>
            problem is not null && problem.StartsWith(name + ": ", StringComparison.Ordinal) ? problem[(name.Length + 2)..] : problem;
    }
}
