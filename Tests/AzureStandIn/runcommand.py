"""Windows machines of the stand-in: their accounts, and RunCommand in them."""
import re

from world import NotYet, Refusal

# What Azure wants of an administrator's password: three of these kinds.
KINDS = ("[a-z]", "[A-Z]", "[0-9]", r"[\W_]")
# What the script that makes a machine reachable has to do, by what it calls.
NEEDED = ("New-SelfSignedCertificate", "New-WSManInstance", "New-NetFirewallRule", "5986")


def keep_account(profile, resource, secrets):
    """Checks the account of a Windows machine; its password is in no answer from then on."""
    password = profile.pop("adminPassword", None)
    name = profile.get("computerName", "")
    if not 1 <= len(name) <= 15 or name.isdigit():
        raise Refusal(400, "InvalidParameter", f"The computer name '{name}' is not allowed.")
    if len(profile.get("adminUsername", "")) > 20:
        raise Refusal(400, "InvalidParameter", "The Admin Username is too long.")
    if password is None or "linuxConfiguration" in profile:
        raise Refusal(400, "InvalidParameter", "A Windows machine has a password, and no keys.")
    kinds = sum(bool(re.search(kind, password)) for kind in KINDS)
    if not 8 <= len(password) <= 123 or kinds < 3:
        raise Refusal(400, "InvalidParameter", "The supplied password must be complex.")
    secrets.add(password)
    resource["_password"] = password


def run(world, machine, body):
    """Begins a command; what is done when it ends, which brings its result."""
    key = machine["id"].lower()
    if world.power.get(key) != "running" or world.vms.has_stopped(key):
        raise Refusal(409, "OperationNotAllowed",
                      "Cannot modify extensions in the VM when the VM is not running.")
    others = [operation for operation in world.operations.values()
              if getattr(operation.finish, "machine", None) == key and not operation.done]
    if others:
        # Time goes on for it, though nobody may look at it any more.
        others[0].look()
        raise Refusal(409, "Conflict", "Run command extension execution is in progress. Please "
                                       "wait for completion before invoking a run command.")
    is_windows = machine["properties"]["storageProfile"]["osDisk"]["osType"] == "Windows"
    if (body["commandId"] == "RunPowerShellScript") != is_windows:
        raise Refusal(409, "Conflict", f"'{body['commandId']}' is for another system.")
    script = "\n".join(body.get("script") or [])
    if any(secret in script for secret in world.secrets):
        raise Refusal(400, "InvalidParameter", "There is a secret in the script.")

    def finish():
        said, errors = answer(world, key, script)
        return {"value": [
            {"code": f"ComponentStatus/{stream}/succeeded", "level": "Info",
             "displayStatus": "Provisioning succeeded", "message": text}
            for stream, text in (("StdOut", said), ("StdErr", errors))]}
    finish.machine = key
    return finish


def answer(world, key, script):
    """What the script says, and what it has against it: no PowerShell is here to run it."""
    missing = [part for part in NEEDED if part not in script]
    if missing:
        return "", f"the stand-in knows no script without {missing[0]}"
    if f"$name = '{key.split('/')[-1]}'" not in script:
        return "", "the script is for another machine"
    certificate = world.vms.certificate(key)
    if certificate is None:
        raise NotYet()
    if not certificate:
        return "", "New-WSManInstance : Access is denied.\nAt line:1 char:1"
    return f"kiln-certificate {certificate}", ""
