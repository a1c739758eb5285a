using System;
using System.Collections.Generic;
using EdgeRuntime.Cli.Downloads;
using EdgeRuntime.Cli.Terminal;

namespace EdgeRuntime.Cli.Models;

/// <summary>Downloads models that will run and fit.</summary>
internal static class ModelPull
{
    public const string ForceOption = "--force";

    /// <summary>Downloads a model, after one line on standard error that tells whether it will run and fit.</summary>
    /// <param name="downloads">The files of the model, in order.</param>
    /// <param name="architecture">The architecture that the model is expected to have; null for any.</param>
    /// <param name="force">Whether a model that will not run or fit is downloaded too.</param>
    /// <exception cref="CommandException">The model will not run or does not fit; or a server, the disk or a file is at fault.</exception>
    /// <exception cref="OperationCanceledException">Ctrl-C stopped the download, which is reported.</exception>
    public static void Run(IReadOnlyList<Download> downloads, string? architecture = null, bool force = false) =>
        DownloadRun.Run(downloads, headers =>
        {
            ModelPreview preview = ModelPreview.Read(downloads, headers, architecture);
            if (preview.Problems.Count == 0)
            {
                Console.Error.WriteLine(OneLine.Value(preview.Summary));
                return;
            }

            string problems = string.Join("; ", preview.Problems);
            if (!force)
            {
                throw new CommandException(
                    $"{downloads[0].Source}: not downloaded ('edgert pull {ForceOption}' does it anyway): {problems}");
            }

            Console.Error.WriteLine("edgert: warning: " + OneLine.Value($"{downloads[0].Source}: {problems}"));
        });
}
