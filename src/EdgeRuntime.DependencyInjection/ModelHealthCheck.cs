using System;
using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace EdgeRuntime.DependencyInjection;

/// <summary>Reports whether a registered model is loaded. Healthy: loaded; degraded: not loaded yet; otherwise the failure.</summary>
internal sealed class ModelHealthCheck(IServiceProvider services, string? name) : IHealthCheck
{
    /// <inheritdoc/>
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(context);
        ModelHost host = services.GetRequiredKeyedService<ModelHost>(name ?? "");
        return Task.FromResult(host switch
        {
            { Model: { } model } => HealthCheckResult.Healthy("the model is loaded", Describe(model)),
            { Failure: { } failure } => new HealthCheckResult(context.Registration.FailureStatus, failure.Message, failure),
            _ => HealthCheckResult.Degraded("the model is not loaded yet"),
        });
    }

    private static Dictionary<string, object> Describe(LanguageModel model) => new()
    {
        ["path"] = model.Path,
        ["architecture"] = model.Architecture,
        ["instructionSet"] = model.InstructionSet,
        ["threads"] = model.Threads,
        ["weightBytes"] = model.WeightBytes,
    };
}
