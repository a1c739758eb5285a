using BenchmarkDotNet.Running;
using EdgeRuntime.Benchmarks;

// For example: --filter '*Gemm*', or '*Gemv*'; --help has the rest. plots FOLDER draws what lies in a folder of docs/benchmarks.
if (args is ["plots", var folder])
{
    RooflinePlots.Draw(folder);
}
else
{
    BenchmarkSwitcher.FromAssembly(typeof(KernelConfig).Assembly).Run(args, new KernelConfig());
}
