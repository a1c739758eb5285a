using System.IO;
using System.Linq;
using EdgeRuntime.Onnx.Runtime;

namespace EdgeRuntime.Onnx;

/// <summary>Opens the folders that the model builder of ONNX Runtime GenAI writes.</summary>
internal static class FolderModel
{
    /// <summary>Loads the graph, the tokenizer and the chat template of a folder.</summary>
    /// <inheritdoc cref="IModelBackend.Load" path="/exception"/>
    public static LanguageModel Load(string folder, SessionSettings settings, ModelOptions options)
    {
        long bytes = new DirectoryInfo(folder).EnumerateFiles("*.onnx*").Sum(static file => file.Length);
        OnnxSession session = OnnxSession.Open(folder, settings);
        OnnxEngine? engine = null;
        try
        {
            Tokenizer tokenizer = Tokenizer.FromHuggingFace(folder, options.PreTokenizer);

            // Many graphs are padded: they have logits that no token belongs to.
            int logits = session.Form.Config.VocabularySize;
            if (tokenizer.VocabularySize > logits)
            {
                throw new UnsupportedModelException(
                    $"{folder}: its tokenizer has {tokenizer.VocabularySize} tokens, its graph {logits} logits; expected as many or more");
            }

            engine = new OnnxEngine(session, bytes, released: null, tokenizer.VocabularySize);
            return LanguageModel.Create(engine, tokenizer, ChatTemplate.FromHuggingFace(folder), options, folder);
        }
        catch
        {
            engine?.Dispose();
            session.Dispose();
            throw;
        }
    }
}
