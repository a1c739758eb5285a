using System;

namespace EdgeRuntime.Threading;

/// <summary>Unwinds the threads of a team after another one has failed; never leaves the pool.</summary>
internal sealed class TeamFaultException : Exception
{
}
