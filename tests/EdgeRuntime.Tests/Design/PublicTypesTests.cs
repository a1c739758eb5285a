using System;
using System.Linq;
using System.Reflection;
using EdgeRuntime.Gguf;
using Xunit;

namespace EdgeRuntime.Tests.Design;

/// <summary>The public types of the libraries. A type gets into these lists by decision.</summary>
public sealed class PublicTypesTests
{
    [Fact]
    public void EdgeRuntime_HasThesePublicTypes() => AssertTypes(
        typeof(LanguageModel).Assembly,
        "EdgeRuntime.ChatSession", "EdgeRuntime.ChatSessionOptions", "EdgeRuntime.FinishReason", "EdgeRuntime.GeneratedToken",
        "EdgeRuntime.GenerationOptions",
        "EdgeRuntime.GenerationResult", "EdgeRuntime.GenerationStream", "EdgeRuntime.GenerationTimings", "EdgeRuntime.GenerationUsage",
        "EdgeRuntime.ILogitProcessor", "EdgeRuntime.IModelBackend", "EdgeRuntime.ISampler", "EdgeRuntime.LanguageModel",
        "EdgeRuntime.ModelInspection", "EdgeRuntime.ModelOptions",
        "EdgeRuntime.ModelSession", "EdgeRuntime.SessionOptions", "EdgeRuntime.TextStream",
        "EdgeRuntime.Engine.BatchSlice", "EdgeRuntime.Engine.EngineStateOptions", "EdgeRuntime.Engine.IEngine",
        "EdgeRuntime.Engine.IEngineState", "EdgeRuntime.Engine.OutputKind", "EdgeRuntime.Engine.StateAbilities",
        "EdgeRuntime.Sampler", "EdgeRuntime.SamplingException", "EdgeRuntime.SamplingOptions", "EdgeRuntime.TokenLogProbability",
        "EdgeRuntime.Tuning.ModelTuner", "EdgeRuntime.Tuning.TuningChoice", "EdgeRuntime.Tuning.TuningKey",
        "EdgeRuntime.Tuning.TuningMeasurement", "EdgeRuntime.Tuning.TuningOptions", "EdgeRuntime.Tuning.TuningProfile",
        "EdgeRuntime.Tuning.TuningProfiles");

    [Fact]
    public void Core_HasThesePublicTypes() => AssertTypes(
        typeof(GgufFile).Assembly,
        "EdgeRuntime.ContextFullException", "EdgeRuntime.EdgeRuntimeException", "EdgeRuntime.KvCacheType",
        "EdgeRuntime.ModelFormatException", "EdgeRuntime.NonFiniteException",
        "EdgeRuntime.UnsupportedModelException", "EdgeRuntime.Formats.TensorType", "EdgeRuntime.Gguf.GgufFile",
        "EdgeRuntime.Gguf.GgufMetadata", "EdgeRuntime.Gguf.GgufPart", "EdgeRuntime.Gguf.GgufTensor", "EdgeRuntime.Gguf.GgufValueShape",
        "EdgeRuntime.Gguf.GgufValueType");

    [Fact]
    public void Tokenizers_HasThesePublicTypes() => AssertTypes(
        typeof(Tokenizer).Assembly,
        "EdgeRuntime.ModelMessage", "EdgeRuntime.ToolCall", "EdgeRuntime.ToolDefinition",
        "EdgeRuntime.ChatTemplate", "EdgeRuntime.ChatTemplateException", "EdgeRuntime.EncodedToken",
        "EdgeRuntime.PromptText", "EdgeRuntime.TextRange", "EdgeRuntime.TokenStreamDecoder",
        "EdgeRuntime.Tokenizer", "EdgeRuntime.TokenizerException", "EdgeRuntime.VocabularyData",
        "EdgeRuntime.VocabularyException");

    private static void AssertTypes(Assembly assembly, params string[] names) => Assert.Equal(
        names.Order(StringComparer.Ordinal), assembly.GetExportedTypes().Select(type => type.FullName!).Order(StringComparer.Ordinal));
}
