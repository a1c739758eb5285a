using BenchmarkDotNet.Running;
using EdgeRuntime.Benchmarks;

// For example: --filter '*Gemm*', or '*Gemv*'; --help has the rest. plots FOLDER draws the plots of a folder of docs/benchmarks.
// sharing MODEL measures sessions that share a model.
if (args is ["plots", var folder])
{
    RooflinePlots.Draw(folder);
}
else if (args is ["sharing", var model])
{
    SharingBenchmark.Run(model);
}
else
{
    BenchmarkSwitcher.FromAssembly(typeof(KernelConfig).Assembly).Run(args, new KernelConfig());
}
