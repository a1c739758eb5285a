using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using EdgeRuntime.TestSupport;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Xunit;

namespace EdgeRuntime.DependencyInjection.Tests;

/// <summary>Registration of models, with a host and without one.</summary>
public sealed class AddEdgeRuntimeTests
{
    [Fact]
    public async Task AddEdgeRuntime_InAHost_LoadsTheModelAtStartAndDisposesIt()
    {
        LanguageModel model;
        using (IHost host = NewHost(services => services.AddEdgeRuntime(options => options.ModelPath = TestModels.Stories)))
        {
            await host.StartAsync();
            model = host.Services.GetRequiredService<LanguageModel>();
            Assert.Same(model, host.Services.GetRequiredService<LanguageModel>());
            using ModelSession session = model.CreateSession();
            Assert.NotEqual("", session.Generate("Once", new() { MaxTokens = 4 }).Complete().Text);
            await host.StopAsync();
        }

        Assert.Throws<ObjectDisposedException>(() => model.CreateSession());
    }

    [Fact]
    public async Task AddEdgeRuntime_MissingFile_StopsTheStartWithItsName()
    {
        using IHost host = NewHost(services => services.AddEdgeRuntime(options => options.ModelPath = "missing.gguf"));
        Exception thrown = await Assert.ThrowsAnyAsync<IOException>(() => host.StartAsync());
        Assert.Contains("missing.gguf", thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AddEdgeRuntime_NoPath_NamesTheOption()
    {
        using IHost host = NewHost(services => services.AddEdgeRuntime(_ => { }));
        Exception thrown = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync());
        Assert.Contains("EdgeRuntimeOptions.ModelPath", thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AddEdgeRuntime_Section_SetsTheOptions()
    {
        using ServiceProvider services = new ServiceCollection()
            .AddEdgeRuntime(Section(("ModelPath", TestModels.Stories), ("Threads", "1"), ("ContextLength", "64"), ("KvCacheType", "F32")))
            .BuildServiceProvider();
        Assert.Equal(1, services.GetRequiredService<LanguageModel>().Threads);
        using IServiceScope scope = services.CreateScope();
        ModelSession session = scope.ServiceProvider.GetRequiredService<ModelSession>();
        Assert.Equal(64, session.ContextLength);
        Assert.Same(session, scope.ServiceProvider.GetRequiredService<ModelSession>());
    }

    [Fact]
    public void Scope_Disposed_DisposesItsSessionAndChat()
    {
        using ServiceProvider services = new ServiceCollection()
            .AddEdgeRuntime(options => options.ModelPath = TestModels.Stories)
            .BuildServiceProvider();
        ModelSession session;
        ChatSession chat;
        using (IServiceScope scope = services.CreateScope())
        {
            session = scope.ServiceProvider.GetRequiredService<ModelSession>();
            chat = scope.ServiceProvider.GetRequiredService<ChatSession>();
            chat.Add(ModelMessage.User("Once"));
        }

        Assert.Throws<ObjectDisposedException>(() => session.Forward([1]));
        Assert.Throws<ObjectDisposedException>(() => chat.Send("upon").Complete());
    }

    [Fact]
    public void AddKeyedEdgeRuntime_TwoModels_KeepsThemApart()
    {
        using ServiceProvider services = new ServiceCollection()
            .AddKeyedEdgeRuntime("one", options => (options.ModelPath, options.Threads) = (TestModels.Stories, 1))
            .AddKeyedEdgeRuntime("two", Section(("ModelPath", TestModels.Stories), ("ContextLength", "32")))
            .BuildServiceProvider();
        Assert.NotSame(services.GetRequiredKeyedService<LanguageModel>("one"), services.GetRequiredKeyedService<LanguageModel>("two"));
        using IServiceScope scope = services.CreateScope();
        Assert.Equal(32, scope.ServiceProvider.GetRequiredKeyedService<ModelSession>("two").ContextLength);
    }

    [Fact]
    public async Task HealthCheck_BeforeAndAfterLoading_ReportsTheState()
    {
        await using ServiceProvider services = NewServices(TestModels.Stories);
        Assert.Equal(HealthStatus.Degraded, (await Check(services)).Status);
        services.GetRequiredService<LanguageModel>();
        HealthReportEntry entry = await Check(services);
        Assert.Equal(HealthStatus.Healthy, entry.Status);
        Assert.Equal("llama", entry.Data["architecture"]);
    }

    [Fact]
    public async Task HealthCheck_FailedLoad_IsUnhealthyUntilALaterLoadSucceeds()
    {
        string path = Path.Combine(Directory.CreateTempSubdirectory("edgert-test-").FullName, "late.gguf");
        await using ServiceProvider services = NewServices(path);
        Assert.ThrowsAny<IOException>(services.GetRequiredService<LanguageModel>);
        Assert.Equal(HealthStatus.Unhealthy, (await Check(services)).Status);
        File.Copy(TestModels.Stories, path);
        services.GetRequiredService<LanguageModel>();
        Assert.Equal(HealthStatus.Healthy, (await Check(services)).Status);
    }

    private static ServiceProvider NewServices(string path)
    {
        ServiceCollection services = new();
        services.AddLogging().AddEdgeRuntime(options => options.ModelPath = path).AddHealthChecks().AddEdgeRuntime();
        return services.BuildServiceProvider();
    }

    private static async Task<HealthReportEntry> Check(ServiceProvider services) =>
        (await services.GetRequiredService<HealthCheckService>().CheckHealthAsync()).Entries["edgeruntime"];

    private static IHost NewHost(Action<IServiceCollection> add)
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(null);
        add(builder.Services);
        return builder.Build();
    }

    private static IConfigurationSection Section(params (string Key, string Value)[] values) => new ConfigurationBuilder()
        .AddInMemoryCollection(values.Select(value => KeyValuePair.Create("Model:" + value.Key, (string?)value.Value)))
        .Build()
        .GetSection("Model");
}
