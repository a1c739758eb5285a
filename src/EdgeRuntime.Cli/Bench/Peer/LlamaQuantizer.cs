using System;
using System.IO;
using EdgeRuntime.Cli.Bench.Plan;
using EdgeRuntime.Cli.Terminal;
using EdgeRuntime.Files;

namespace EdgeRuntime.Cli.Bench.Peer;

/// <summary>Makes another type of a file with llama.cpp's own quantizer, so that both runtimes are compared on files that it made.</summary>
internal static class LlamaQuantizer
{
    /// <summary>Writes <paramref name="output"/>; an already quantized input is expanded first.</summary>
    /// <param name="libraryPath">libllama or its folder.</param>
    /// <param name="input">A GGUF file.</param>
    /// <param name="type">A file type as llama.cpp names it: Q4_0, Q4_K_M ...</param>
    /// <param name="output">The file to write.</param>
    /// <param name="force">Replaces an output that is there already.</param>
    /// <exception cref="CommandException">llama.cpp refuses.</exception>
    public static void Run(string libraryPath, string input, string type, string output, bool force)
    {
        int number = ModelCard.FileTypeNumber(type);
        UserFile.OpenRead(input).Dispose(); // says more clearly than llama.cpp why it can't be read

        if (File.Exists(output) && Path.GetFullPath(input) == Path.GetFullPath(output))
        {
            throw new CommandException($"{output}: is the input, expected another file");
        }

        LlamaLibrary.Load(libraryPath, variant: null);
        using FileReplacement file = UserFile.CreateModel(output, force);
        LlamaNative.QuantizeParams parameters = LlamaNative.QuantizeDefaultParams();
        parameters.FileType = number;
        parameters.AllowRequantize = 1;
        parameters.Threads = Environment.ProcessorCount;
        if (LlamaNative.Quantize(input, file.ContentPath, in parameters) != 0)
        {
            throw new CommandException($"{input}: llama.cpp can't make it {type}: {LlamaLibrary.LastError}");
        }

        file.Commit();
    }
}
