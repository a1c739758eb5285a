using System;
using EdgeRuntime.Cli.Terminal;

namespace EdgeRuntime.Cli.Bench.Peer;

/// <summary>A model that llama.cpp has loaded, its weights repacked where it has kernels for that. Owns it.</summary>
internal sealed class LlamaModel : IDisposable
{
    private nint _handle;

    /// <param name="library">llama.cpp.</param>
    /// <param name="path">The file.</param>
    /// <param name="mapsFile">Whether the file is mapped, as llama.cpp's tools do by default, or read.</param>
    /// <exception cref="CommandException">llama.cpp refuses the file; the message gives its reason.</exception>
    public LlamaModel(LlamaLibrary library, string path, bool mapsFile)
    {
        Library = library;
        LlamaNative.ModelParams parameters = LlamaNative.ModelDefaultParams();
        if (!mapsFile)
        {
            parameters.LoadMode = LlamaNative.LoadModeRead;
        }

        _handle = LlamaNative.ModelLoad(path, parameters);
        if (_handle == 0)
        {
            throw new CommandException($"{path}: llama.cpp can't load it: {LlamaLibrary.LastError}");
        }
    }

    public LlamaLibrary Library { get; }

    public nint Handle => _handle != 0 ? _handle : throw new ObjectDisposedException(nameof(LlamaModel));

    public int VocabularySize => LlamaNative.VocabTokens(LlamaNative.ModelVocab(Handle));

    public void Dispose()
    {
        if (_handle != 0)
        {
            LlamaNative.ModelFree(_handle);
            _handle = 0;
        }
    }
}
