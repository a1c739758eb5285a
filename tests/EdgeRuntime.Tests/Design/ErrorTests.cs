using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using EdgeRuntime.Gguf;
using EdgeRuntime.Tests.SideCar;
using EdgeRuntime.TestSupport;
using Xunit;

namespace EdgeRuntime.Tests.Design;

/// <summary>The exceptions of the libraries, and the ranges of options.</summary>
public sealed class ErrorTests
{
    [Fact]
    public void ExceptionTypes_OfTheLibraries_HaveOneBase()
    {
        Type[] types =
        [
            .. new[] { typeof(LanguageModel), typeof(Tokenizer), typeof(GgufFile) }
                .SelectMany(type => type.Assembly.GetTypes())
                .Where(type => type.IsAssignableTo(typeof(Exception)) && type != typeof(EdgeRuntimeException)),
        ];
        Assert.True(types.Length >= 10);

        // Errors of files are those of .NET.
        Assert.All(
            types, type => Assert.True(type.IsAssignableTo(typeof(EdgeRuntimeException)) || type.IsAssignableTo(typeof(IOException))));
    }

    public static TheoryData<string, Func<object>> OutOfRange() => new()
    {
        { "Temperature is -1; expected 0 or more", () => new SamplingOptions { Temperature = -1 } },
        { "Temperature is NaN; expected 0 or more", () => new SamplingOptions { Temperature = float.NaN } },
        { "Temperature is Infinity; expected 0 or more", () => new GenerationOptions { Temperature = float.PositiveInfinity } },
        { "TopK is -1; expected 0 or more", () => new SamplingOptions { TopK = -1 } },
        { "TopP is 2; expected 0 to 1", () => new SamplingOptions { TopP = 2 } },
        { "TopP is NaN; expected 0 to 1", () => new SamplingOptions { TopP = float.NaN } },
        { "MinP is -0.5; expected 0 to 1", () => new SamplingOptions { MinP = -0.5f } },
        { "TypicalP is 1.5; expected 0 to 1", () => new SamplingOptions { TypicalP = 1.5f } },
        { "MinKeep is -1; expected 0 or more", () => new SamplingOptions { MinKeep = -1 } },
        { "RepeatPenalty is 0; expected more than 0", () => new SamplingOptions { RepeatPenalty = 0 } },
        { "PresencePenalty is NaN; expected a number", () => new SamplingOptions { PresencePenalty = float.NaN } },
        { "FrequencyPenalty is -Infinity; expected a number", () => new SamplingOptions { FrequencyPenalty = float.NegativeInfinity } },
        { "RepeatLastTokens is -2; expected -1", () => new SamplingOptions { RepeatLastTokens = -2 } },
        { "LogitBias is null; expected", () => new SamplingOptions { LogitBias = null! } },
        { "LogitBias[1] is NaN; expected", () => new SamplingOptions { LogitBias = new Dictionary<int, float> { [1] = float.NaN } } },
        { "LogitProcessors is null; expected", () => new SamplingOptions { LogitProcessors = null! } },
        { "MaxTokens is -1; expected 0 or more", () => new GenerationOptions { MaxTokens = -1 } },
        { "KeepTokens is -2; expected -1", () => new GenerationOptions { KeepTokens = -2 } },
        { "StopSequences is null; expected", () => new GenerationOptions { StopSequences = null! } },
        { "StopSequences[1] is ; expected at least one", () => new GenerationOptions { StopSequences = ["a", ""] } },
        { "LogProbabilities is -1; expected 0 or more", () => new GenerationOptions { LogProbabilities = -1 } },
        { "ContextLength is 0; expected 1 or more", () => new SessionOptions { ContextLength = 0 } },
        { "BatchTokens is -5; expected 1 or more", () => new SessionOptions { BatchTokens = -5 } },
        { "KvCacheType is 99; expected a value", () => new SessionOptions { KvCacheType = (KvCacheType)99 } },
        { "KvCacheKeyType is 99; expected a value", () => new SessionOptions { KvCacheKeyType = (KvCacheType)99 } },
        { "KvCacheValueType is 99; expected a value", () => new SessionOptions { KvCacheValueType = (KvCacheType)99 } },
        { "Threads is 0; expected 1 to", () => new ModelOptions { Threads = 0 } },
        { "PackedCache is ; expected", () => new ModelOptions { PackedCache = "" } },
        { "Backends is null; expected", () => new ModelOptions { Backends = null! } },
    };

    [Theory]
    [MemberData(nameof(OutOfRange), DisableDiscoveryEnumeration = true)]
    public void Option_OutOfRange_IsRefusedWhereItIsSet(string message, Func<object> create)
    {
        var error = Assert.Throws<ArgumentOutOfRangeException>(create);
        Assert.StartsWith(message, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Fact]
    public void CreateSession_LongerThanTrained_IsRefusedUnlessAllowed()
    {
        var log = new EventRecorder();
        using var model = LanguageModel.Load(TestModels.Stories, new ModelOptions { LoggerFactory = log });
        var options = new SessionOptions { ContextLength = 1_000_000 };
        var error = Assert.Throws<ArgumentOutOfRangeException>(() => model.CreateSession(options));
        Assert.StartsWith(
            $"SessionOptions.ContextLength is 1000000; expected 1 to {model.ContextLength}", error.Message, StringComparison.Ordinal);
        Assert.Contains("AllowLongContext", error.Message, StringComparison.Ordinal);
        Assert.Empty(log.Warnings);
        options = new SessionOptions { ContextLength = model.ContextLength + 8, AllowLongContext = true };
        using ModelSession session = model.CreateSession(options);
        Assert.Equal(model.ContextLength + 8, session.ContextLength);
        Assert.Contains("trained for", Assert.Single(log.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void Load_MissingFileOrFolder_ThrowsAsDocumented()
    {
        Assert.Throws<FileNotFoundException>(() => LanguageModel.Load(Path.Combine(Path.GetTempPath(), "absent.gguf")));
        var error = Assert.ThrowsAny<IOException>(() => LanguageModel.Load(Path.GetTempPath()));
        Assert.Equal($"{Path.GetTempPath()}: is a folder, expected a file", error.Message);
    }

    [Fact]
    public void ContextFull_Message_NamesTheOptionsOfTheLibrary()
    {
        string message = new ContextFullException(3, 4, 5).Message;
        Assert.Contains(nameof(SessionOptions) + "." + nameof(SessionOptions.ContextLength), message, StringComparison.Ordinal);
        Assert.Contains(nameof(GenerationOptions) + "." + nameof(GenerationOptions.ContextShift), message, StringComparison.Ordinal);
    }
}
