using System;
using System.Linq;
using EdgeRuntime;
using EdgeRuntime.DependencyInjection;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

#pragma warning disable IDE0130 // The extensions are found where everybody's are.
namespace Microsoft.Extensions.DependencyInjection;
#pragma warning restore IDE0130

/// <summary>Registers EdgeRuntime language models.</summary>
public static class EdgeRuntimeServiceCollectionExtensions
{
    private const string Processor = "cpu"; // the built-in engine

    /// <summary>
    /// Registers a <see cref="LanguageModel"/> as a singleton, and <see cref="ModelSession"/> and <see cref="ChatSession"/> for each scope.
    /// </summary>
    /// <param name="services">The services.</param>
    /// <param name="configure">Sets the options, at least <see cref="EdgeRuntimeOptions.ModelPath"/>.</param>
    /// <returns><paramref name="services"/>.</returns>
    /// <remarks>
    /// The model is loaded while the host starts, and a file that can't be loaded stops the start with a clear message. Without a host, or
    /// with <see cref="EdgeRuntimeOptions.LoadAtStartup"/> false, the first use of the model loads it. The container disposes everything.
    /// A <see cref="ModelSession"/> and the <see cref="ChatSession"/> of the same scope are separate sequences.
    /// </remarks>
    public static IServiceCollection AddEdgeRuntime(this IServiceCollection services, Action<EdgeRuntimeOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(configure);
        services.AddOptions<EdgeRuntimeOptions>().Configure(configure);
        return services.AddModel(null);
    }

    /// <summary>Registers a model with options that a configuration section sets.</summary>
    /// <param name="services">The services.</param>
    /// <param name="section">The section, for example <c>configuration.GetSection("EdgeRuntime")</c>.</param>
    /// <inheritdoc cref="AddEdgeRuntime(IServiceCollection, Action{EdgeRuntimeOptions})"/>
    public static IServiceCollection AddEdgeRuntime(this IServiceCollection services, IConfiguration section)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(section);
        services.AddOptions<EdgeRuntimeOptions>().Bind(section);
        return services.AddModel(null);
    }

    /// <summary>Registers one of several models under a name, as keyed services.</summary>
    /// <param name="services">The services.</param>
    /// <param name="name">The name, for example for <c>[FromKeyedServices("small")] LanguageModel model</c>.</param>
    /// <param name="configure">Sets the options, at least <see cref="EdgeRuntimeOptions.ModelPath"/>.</param>
    /// <inheritdoc cref="AddEdgeRuntime(IServiceCollection, Action{EdgeRuntimeOptions})"/>
    public static IServiceCollection AddKeyedEdgeRuntime(
        this IServiceCollection services, string name, Action<EdgeRuntimeOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(configure);
        services.AddOptions<EdgeRuntimeOptions>(name).Configure(configure);
        return services.AddModel(name);
    }

    /// <summary>Registers one of several models under a name, with options that a configuration section sets.</summary>
    /// <param name="services">The services.</param>
    /// <param name="name">The name, for example for <c>[FromKeyedServices("small")] LanguageModel model</c>.</param>
    /// <param name="section">The section, for example <c>configuration.GetSection("Models:Small")</c>.</param>
    /// <inheritdoc cref="AddEdgeRuntime(IServiceCollection, Action{EdgeRuntimeOptions})"/>
    public static IServiceCollection AddKeyedEdgeRuntime(this IServiceCollection services, string name, IConfiguration section)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(section);
        services.AddOptions<EdgeRuntimeOptions>(name).Bind(section);
        return services.AddModel(name);
    }

    /// <summary>Adds a health check that is healthy once the model is loaded, and degraded before.</summary>
    /// <param name="builder">The health checks.</param>
    /// <param name="modelName">The name of a keyed model; null for the model that <c>AddEdgeRuntime</c> registered.</param>
    /// <param name="name">The name of the check; null for "edgeruntime", followed by the name of a keyed model.</param>
    /// <returns><paramref name="builder"/>.</returns>
    public static IHealthChecksBuilder AddEdgeRuntime(this IHealthChecksBuilder builder, string? modelName = null, string? name = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.Add(new HealthCheckRegistration(
            name ?? (modelName is null ? "edgeruntime" : $"edgeruntime:{modelName}"),
            services => new ModelHealthCheck(services, modelName),
            failureStatus: null,
            tags: null));
    }

    private static IServiceCollection AddModel(this IServiceCollection services, string? name)
    {
        string optionsName = name ?? Options.Options.DefaultName;
        services.AddOptions<EdgeRuntimeOptions>(optionsName).Validate(
            options => options.ModelPath.Length > 0,
            $"{nameof(EdgeRuntimeOptions)}.{nameof(EdgeRuntimeOptions.ModelPath)} is not set: give the path of a .gguf file, in code or in "
            + $"the configuration section \"{EdgeRuntimeOptions.SectionName}\"");
        services.AddKeyedSingleton(optionsName, (provider, _) => new ModelHost(
            OptionsOf(provider, optionsName), DeviceOf(provider, optionsName), provider.GetService<ILoggerFactory>()));
        services.AddSingleton<IHostedService>(provider => provider.GetRequiredKeyedService<ModelHost>(optionsName));
        if (name is null)
        {
            services.AddSingleton(provider => ModelOf(provider, optionsName));
            services.AddScoped(provider => NewSession(provider, optionsName));
            services.AddScoped(provider => NewChat(provider, optionsName));
        }
        else
        {
            services.AddKeyedSingleton(name, (provider, _) => ModelOf(provider, optionsName));
            services.AddKeyedScoped(name, (provider, _) => NewSession(provider, optionsName));
            services.AddKeyedScoped(name, (provider, _) => NewChat(provider, optionsName));
        }

        return services;
    }

    /// <summary>Finds the backend that <see cref="EdgeRuntimeOptions.Device"/> names; null for the built-in engine.</summary>
    /// <exception cref="OptionsValidationException">No registered backend has this name.</exception>
    private static IModelBackend? DeviceOf(IServiceProvider provider, string name)
    {
        if (OptionsOf(provider, name).Device is not { } device || device.Equals(Processor, StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }

        IModelBackend[] backends = [.. provider.GetServices<IModelBackend>()];
        return backends.LastOrDefault(backend => backend.Name.Equals(device, StringComparison.OrdinalIgnoreCase))
            ?? throw new OptionsValidationException(name, typeof(EdgeRuntimeOptions), [
                $"{nameof(EdgeRuntimeOptions)}.{nameof(EdgeRuntimeOptions.Device)} is \"{device}\", expected one of: "
                + string.Join(", ", backends.Select(backend => backend.Name).Prepend(Processor).Distinct())
                + $"; register others with AddSingleton<{nameof(IModelBackend)}>"]);
    }

    // A host has loaded the model before anybody asks; elsewhere this waits, as a factory of services can't be asynchronous.
    private static LanguageModel ModelOf(IServiceProvider provider, string name) =>
        provider.GetRequiredKeyedService<ModelHost>(name).GetAsync().GetAwaiter().GetResult();

    private static ModelSession NewSession(IServiceProvider provider, string name) =>
        ModelOf(provider, name).CreateSession(OptionsOf(provider, name).ToSessionOptions());

    private static ChatSession NewChat(IServiceProvider provider, string name) =>
        ModelOf(provider, name).CreateChat(new ChatSessionOptions { Session = OptionsOf(provider, name).ToSessionOptions() });

    private static EdgeRuntimeOptions OptionsOf(IServiceProvider provider, string name) =>
        provider.GetRequiredService<IOptionsMonitor<EdgeRuntimeOptions>>().Get(name);
}
