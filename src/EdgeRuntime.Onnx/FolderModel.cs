using System.IO;
using System.Linq;
using EdgeRuntime.Engine;
using EdgeRuntime.Onnx.Runtime;

namespace EdgeRuntime.Onnx;

/// <summary>Opens the folders that the model builder of ONNX Runtime GenAI writes.</summary>
internal static class FolderModel
{
    /// <summary>Loads the graph, the tokenizer and the chat template of a folder.</summary>
    /// <inheritdoc cref="IModelBackend.Load" path="/exception"/>
    public static LanguageModel Load(string folder, SessionSettings settings, ModelOptions options)
    {
        Tokenizer tokenizer = Tokenizer.FromHuggingFace(folder, options.PreTokenizer);
        ChatTemplate? template = ChatTemplate.FromHuggingFace(folder);
        long bytes = new DirectoryInfo(folder).EnumerateFiles("*.onnx*").Sum(static file => file.Length);
        IEngine engine = new OnnxEngine(OnnxSession.Open(folder, settings), bytes);
        try
        {
            if (tokenizer.VocabularySize != engine.VocabularySize)
            {
                throw new UnsupportedModelException(
                    $"{folder}: its tokenizer has {tokenizer.VocabularySize} tokens, its graph {engine.VocabularySize} logits; "
                    + "they must agree");
            }

            return LanguageModel.Create(engine, tokenizer, template, options, folder);
        }
        catch
        {
            engine.Dispose();
            throw;
        }
    }
}
