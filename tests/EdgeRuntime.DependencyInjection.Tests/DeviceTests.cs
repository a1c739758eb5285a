using System;
using System.IO;
using System.Threading;
using System.Threading.Tasks;
using EdgeRuntime.Fakes;
using EdgeRuntime.TestSupport;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Xunit;

namespace EdgeRuntime.DependencyInjection.Tests;

/// <summary>The option that names a registered backend.</summary>
public sealed class DeviceTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("edgert-test-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("fake")]
    [InlineData("Fake")]
    public void Device_OfConfiguration_LoadsTheModel(string device)
    {
        string path = Path.Combine(_folder, "model.txt"); // the backend would not claim it by its name
        File.WriteAllText(path, "Truncate");
        using ServiceProvider services = NewServices(path, device, new FakeBackend());
        Assert.Equal(FakeTokenizer.VocabularySizeOf, services.GetRequiredService<LanguageModel>().VocabularySize);
        using IServiceScope scope = services.CreateScope();
        ChatSession chat = scope.ServiceProvider.GetRequiredService<ChatSession>();
        chat.Options = new() { MaxTokens = 2 };
        Assert.Equal(2, chat.Send("a").Complete().Usage.GeneratedTokens);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("cpu")]
    [InlineData("CPU")]
    public void Device_NoneOrCpu_IsTheBuiltInEngine(string? device)
    {
        using ServiceProvider services = NewServices(TestModels.Stories, device, new GreedyBackend());
        Assert.Equal("llama", services.GetRequiredService<LanguageModel>().Architecture);
    }

    [Theory]
    [InlineData("npu")]
    [InlineData("")]
    public async Task Device_Unknown_StopsTheStartWithTheNamesThereAre(string device)
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddSingleton<IModelBackend>(new FakeBackend()).AddSingleton<IModelBackend>(new GreedyBackend());
        builder.Services.AddEdgeRuntime(options => (options.ModelPath, options.Device) = (TestModels.Stories, device));
        using IHost host = builder.Build();
        OptionsValidationException error = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync());
        Assert.StartsWith(
            $"EdgeRuntimeOptions.Device is \"{device}\", expected one of: cpu, fake, greedy; ", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Fact]
    public void Device_OfKeyedModels_IsTheirOwn()
    {
        string path = Path.Combine(_folder, "model.fake");
        File.WriteAllText(path, "Truncate");
        using ServiceProvider services = new ServiceCollection()
            .AddSingleton<IModelBackend>(new FakeBackend())
            .AddKeyedEdgeRuntime("one", options => (options.ModelPath, options.Device) = (path, "fake"))
            .AddKeyedEdgeRuntime("two", options => options.ModelPath = TestModels.Stories)
            .BuildServiceProvider();
        Assert.NotEqual("llama", services.GetRequiredKeyedService<LanguageModel>("one").Architecture);
        Assert.Equal("llama", services.GetRequiredKeyedService<LanguageModel>("two").Architecture);
    }

    private static ServiceProvider NewServices(string path, string? device, IModelBackend backend) => new ServiceCollection()
        .AddSingleton(backend)
        .AddEdgeRuntime(new ConfigurationBuilder().AddInMemoryCollection([new("ModelPath", path), new("Device", device)]).Build())
        .BuildServiceProvider();

    /// <summary>Claims every file, and loads none.</summary>
    private sealed class GreedyBackend : IModelBackend
    {
        public string Name => "greedy";

        public bool CanLoad(string path) => true;

        public LanguageModel Load(
            string path, ModelOptions options, IProgress<float>? progress, CancellationToken cancellationToken) =>
            throw new UnsupportedModelException(path);
    }
}
