using BenchmarkDotNet.Running;
using EdgeRuntime.Benchmarks;

// For example: --filter '*Gemm*', or '*Gemv*'; --help has the rest.
BenchmarkSwitcher.FromAssembly(typeof(KernelConfig).Assembly).Run(args, new KernelConfig());
