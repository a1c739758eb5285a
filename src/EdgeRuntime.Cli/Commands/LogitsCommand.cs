using System;
using System.Collections.Generic;
using System.CommandLine;
using System.Globalization;
using System.IO;
using System.Runtime.InteropServices;
using EdgeRuntime.Cli.Models;
using EdgeRuntime.Cli.Options;
using EdgeRuntime.Cli.Terminal;
using EdgeRuntime.Files;

namespace EdgeRuntime.Cli.Commands;

/// <summary><c>edgert logits</c>: writes the logits of every position of a prompt, for comparison with other runtimes.</summary>
internal static class LogitsCommand
{
    /// <summary>First word of the file: "FRGL" as bytes.</summary>
    private const int Magic = 0x4C474552;

    private const int FormatVersion = 1;

    public static Command Create()
    {
        var options = new ModelCommandOptions();
        var adapters = new AdapterCommandOptions();
        Option<string?> ids = OptionFactory.Text("--ids", [], "Token ids, separated by commas or spaces", "1,2,3");
        Option<string?> idsFile = OptionFactory.Text(
            "--ids-file", [], "A file with token ids, separated by commas, spaces or line ends", "FILE");
        var output = new Option<string>("--out", "-o")
        {
            Description = "The file to write, whole or not at all; a pipe or device gets the bytes directly",
            HelpName = "FILE",
            Required = true,
        };
        Option<int> chunk = OptionFactory.Integer(
            "--chunk", ["-b", "--batch-size"], "Tokens that are computed at once; always all of them if the model is not causal", 512, 1);
        Option<bool> exact = OptionFactory.Switch(
            "--exact", [], "Compute with float32 weights, activations and KV cache: the reference for every fast path");
        var command = new Command(
            "logits",
            "Computes the logits of every position. The file, little endian: int32 0x4C474552, int32 version 1, int32 tokens T, "
            + "int32 vocabulary V, int32 ids [T], float32 logits [T, V].");
        options.AddTo(command);
        adapters.AddTo(command);
        foreach (Option option in (Option[])[ids, idsFile, output, chunk, exact])
        {
            command.Add(option);
        }

        command.SetAction(parsed =>
        {
            int[] tokens = ParseIds(parsed.GetValue(ids), parsed.GetValue(idsFile));
            using AppLog log = options.CreateLog(parsed);
            using LanguageModel model = ModelLoading.Load(
                options.FindModel(parsed), options.GetModelOptions(parsed, log, parsed.GetValue(exact)));
            CheckIds(tokens, model.VocabularySize);
            int context = options.GetContextLength(parsed, model.ContextLength) ?? tokens.Length;
            if (tokens.Length > context)
            {
                throw new CommandException($"{tokens.Length} token ids, but a context of {context}; use a longer --ctx or fewer ids");
            }

            int batch = parsed.GetValue(chunk);
            SessionOptions sessionOptions = options.GetKvTypes(parsed).ApplyTo(new SessionOptions
            {
                ContextLength = context,
                AllowLongContext = true,
                BatchTokens = Math.Min(batch, tokens.Length),
            });
            using ModelSession session = model.CreateSession(adapters.Apply(parsed, model, sessionOptions));
            Write(session, tokens, session.CanGenerate ? batch : tokens.Length, parsed.GetRequiredValue(output), parsed.GetValue(idsFile));
            return 0;
        });
        return command;
    }

    private static int[] ParseIds(string? ids, string? file)
    {
        if (ids is null == file is null)
        {
            throw new UsageException("expected either --ids or --ids-file");
        }

        var tokens = new List<int>();
        char[] separators = [',', ' ', '\t', '\r', '\n', '[', ']'];
        foreach (string text in (ids ?? UserFile.ReadText(file!)).Split(separators, StringSplitOptions.RemoveEmptyEntries))
        {
            tokens.Add(int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int id)
                ? id
                : throw new CommandException($"{file ?? "--ids"}: '{text}' is no token id"));
        }

        return tokens.Count > 0 ? [.. tokens] : throw new CommandException($"{file ?? "--ids"}: no token ids");
    }

    private static void CheckIds(int[] tokens, int vocabulary)
    {
        int wrong = Array.FindIndex(tokens, token => token >= vocabulary);
        if (wrong >= 0)
        {
            throw new CommandException($"token id {tokens[wrong]} at position {wrong}: the model's ids go to {vocabulary - 1}");
        }
    }

    private static void Write(ModelSession session, int[] tokens, int chunk, string path, string? input)
    {
        using FileReplacement file = UserFile.Create(path, input is null ? [] : [input]);
        WriteLittleEndian(file, [Magic, FormatVersion, tokens.Length, session.Model.VocabularySize, .. tokens]);
        for (int done = 0; done < tokens.Length; done += chunk)
        {
            ReadOnlySpan<float> logits = session.ForwardAll(tokens.AsSpan(done, Math.Min(chunk, tokens.Length - done)));
            WriteLittleEndian(file, MemoryMarshal.Cast<float, int>(logits));
        }

        file.Commit();
    }

    private static void WriteLittleEndian(Stream file, ReadOnlySpan<int> words)
    {
        if (!BitConverter.IsLittleEndian)
        {
            int[] swapped = new int[words.Length];
            System.Buffers.Binary.BinaryPrimitives.ReverseEndianness(words, swapped);
            words = swapped;
        }

        // The logits of a long chunk can have more bytes than a span can hold.
        const int Slice = 1 << 20;
        for (int start = 0; start < words.Length; start += Slice)
        {
            file.Write(MemoryMarshal.AsBytes(words.Slice(start, Math.Min(Slice, words.Length - start))));
        }
    }
}
