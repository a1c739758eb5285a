using System;
using System.Threading.Tasks;
using EdgeRuntime.TestSupport;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace EdgeRuntime.Extensions.AI.Tests;

/// <summary>Clients and generators as services.</summary>
public sealed class ServiceTests
{
    [Fact]
    public async Task AddEdgeRuntimeChatClient_RegisteredModels_AnswerUnderTheirNames()
    {
        var services = new ServiceCollection();
        services.AddEdgeRuntime(options => options.ModelPath = TestModels.Stories);
        services.AddKeyedEdgeRuntime("small", options => options.ModelPath = TestModels.Stories);
        services.AddEdgeRuntimeChatClient(new() { Generation = new() { MaxTokens = 2 } });
        services.AddEdgeRuntimeChatClient(new() { ModelId = "mine" }, "small");
        services.AddEdgeRuntimeEmbeddingGenerator(new() { Pooling = EmbeddingPooling.Mean });
        services.AddEdgeRuntimeEmbeddingGenerator(new() { Pooling = EmbeddingPooling.Mean }, "small");
        LanguageModel model;
        await using (ServiceProvider provider = services.BuildServiceProvider())
        {
            IChatClient client = provider.GetRequiredService<IChatClient>();
            model = provider.GetRequiredService<LanguageModel>();
            Assert.Same(model, client.GetService<LanguageModel>());
            ChatResponse response = await client.GetResponseAsync("Once", cancellationToken: TestContext.Current.CancellationToken);
            Assert.Equal(2, response.Usage!.OutputTokenCount);
            IChatClient small = provider.GetRequiredKeyedService<IChatClient>("small");
            Assert.Equal("mine", small.GetRequiredService<ChatClientMetadata>().DefaultModelId);
            var generator = provider.GetRequiredService<IEmbeddingGenerator<string, Embedding<float>>>();
            Assert.Same(model, generator.GetService<LanguageModel>());
            var other = provider.GetRequiredKeyedService<IEmbeddingGenerator<string, Embedding<float>>>("small");
            Assert.NotSame(model, other.GetService<LanguageModel>());
        }

        Assert.Throws<ObjectDisposedException>(() => model.CreateSession());
    }
}
