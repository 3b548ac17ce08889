# Says what it would remove; it removes only where the next line says true.
$Remove = $false
# Run it as SYSTEM or as an administrator, in 64-bit PowerShell 5.1 or later. It makes no network call of its own. Exit code 1:
# something could not be removed. What one user installed alone is not removed: a command that a user may change must not run
# as SYSTEM.
$ErrorActionPreference = 'Stop'
$Packages = @(
    @{ Name = 'QQ'; Family = '903DB504.QQ_a99ra4d2cbcxa' }
    @{ Name = 'TikTok'; Family = 'BytedancePte.Ltd.TikTok_6yccndn6064se' }
    @{ Name = 'WeChat'; Family = 'TencentWeChatLimited.WeChatUWP_sdtnhv12zgd7a' }
    @{ Name = 'WeChat'; Family = 'TencentWeChatLimited.forWindows10_sdtnhv12zgd7a' }
    @{ Name = 'WPS Office'; Family = 'ZhuhaiKingsoftOfficeSoftw.WPSOffice2019_924xes6e8q1tw' }
)
$Products = @(
    @{ Name = 'CamScanner'; Code = '03fc796f-ccca-5cd2-9de8-e077585adf0b' }
    @{ Name = 'DeepSeek'; Code = '1bf39983-50d0-5fe0-9ef4-cece76f67c5e' }
    @{ Name = 'WPS Office'; Code = 'Kingsoft Office' }
    @{ Name = 'QQ'; Code = 'TIM' }
    @{ Name = 'WeChat'; Code = 'WeChat' }
    @{ Name = 'WeChat'; Code = 'Weixin' }
    @{ Name = 'QQ'; Code = '{052CFB79-9D62-42E3-8A15-DE66C2C97C3E}' }
)
$Ids = @(
    @{ Name = 'DeepSeek'; Id = 'DeepSeek.DeepSeekHarness.Nightly' }
    @{ Name = 'DeepSeek'; Id = 'DeepSeek.DeepSeekHarnessDesktop.Nightly' }
    @{ Name = 'CamScanner'; Id = 'INTSIG.CamScanner' }
    @{ Name = 'Kaspersky Endpoint Security'; Id = 'Kaspersky.Kaspersky' }
    @{ Name = 'Kaspersky Endpoint Security'; Id = 'Kaspersky.KasperskyAnti-Virus' }
    @{ Name = 'Kaspersky Internet Security'; Id = 'Kaspersky.KasperskyInternetSecurity' }
    @{ Name = 'Kaspersky Safe Kids'; Id = 'Kaspersky.KasperskySafeKids' }
    @{ Name = 'Kaspersky Security Cloud'; Id = 'Kaspersky.KasperskySecurityCloud' }
    @{ Name = 'Kaspersky Endpoint Security'; Id = 'Kaspersky.KasperskyTotalSecurity' }
    @{ Name = 'Kaspersky VPN Secure Connection'; Id = 'Kaspersky.KasperskyVPNSecureConnection' }
    @{ Name = 'Kaspersky Security Cloud'; Id = 'Kaspersky.SecurityCloud' }
    @{ Name = 'WPS Office'; Id = 'Kingsoft.WPSOffice' }
    @{ Name = 'WPS Office'; Id = 'Kingsoft.WPSOffice.CN' }
    @{ Name = 'QQ'; Id = 'Tencent.QQ' }
    @{ Name = 'QQ'; Id = 'Tencent.QQ.NT' }
    @{ Name = 'QQ'; Id = 'Tencent.TIM' }
    @{ Name = 'WeChat'; Id = 'Tencent.WeChat' }
    @{ Name = 'WeChat'; Id = 'Tencent.WeChat.Universal' }
)

function New-Copy {
    param($Sort, $Name, $What, $Code, $Machine)
    return [pscustomobject]@{ Sort = $Sort; Name = $Name; What = $What; Code = $Code; Machine = $Machine }
}

function Find-Package {
    foreach ($Package in $Packages) {
        $Parts = $Package.Family.Split('_')
        $Copies = @(Get-AppxPackage -AllUsers -Name $Parts[0] | Where-Object { $_.PackageFamilyName -eq $Package.Family })
        foreach ($Copy in $Copies) {
            New-Copy -Sort 'package' -Name $Package.Name -What $Copy.PackageFullName -Code $Package.Family -Machine $true
        }
        $Provisioned = @(Get-AppxProvisionedPackage -Online | Where-Object { $_.DisplayName -eq $Parts[0] })
        foreach ($Copy in @($Provisioned | Where-Object { $_.PackageName.EndsWith('_' + $Parts[1]) })) {
            New-Copy -Sort 'provisioned' -Name $Package.Name -What $Copy.PackageName -Code $Package.Family -Machine $true
        }
    }
}

function Get-UninstallKey {
    $Below = 'Microsoft\Windows\CurrentVersion\Uninstall'
    $Machine = 'Registry::HKEY_LOCAL_MACHINE\SOFTWARE'
    $Keys = @(
        @{ Path = (Join-Path -Path $Machine -ChildPath $Below); Machine = $true }
        @{ Path = (Join-Path -Path (Join-Path -Path $Machine -ChildPath 'WOW6432Node') -ChildPath $Below); Machine = $true }
    )
    foreach ($Hive in @(Get-ChildItem -LiteralPath 'Registry::HKEY_USERS' -ErrorAction SilentlyContinue)) {
        if ($Hive.PSChildName -match '^S-1-(5-21|12-1)-[0-9-]+$') {
            $Root = Join-Path -Path 'Registry::HKEY_USERS' -ChildPath ($Hive.PSChildName + '\SOFTWARE')
            $Keys += @{ Path = (Join-Path -Path $Root -ChildPath $Below); Machine = $false }
        }
    }
    return $Keys
}

function Find-Product {
    $Keys = @(Get-UninstallKey)
    foreach ($Product in $Products) {
        foreach ($Key in $Keys) {
            $Path = $Key.Path + '\' + $Product.Code
            if (Test-Path -LiteralPath $Path) {
                New-Copy -Sort 'product' -Name $Product.Name -What $Path -Code $Product.Code -Machine $Key.Machine
            }
        }
    }
}

function Get-Winget {
    $Folder = Join-Path -Path $env:ProgramFiles -ChildPath 'WindowsApps'
    $Clients = @(Get-ChildItem -LiteralPath $Folder -Filter 'Microsoft.DesktopAppInstaller_*__8wekyb3d8bbwe' -ErrorAction SilentlyContinue)
    foreach ($Client in @($Clients | Sort-Object -Property 'LastWriteTime' -Descending)) {
        $Path = Join-Path -Path $Client.FullName -ChildPath 'winget.exe'
        if (Test-Path -LiteralPath $Path) {
            return $Path
        }
    }
    return ''
}

function Find-ById {
    if ($Winget -eq '') {
        return
    }
    foreach ($One in $Ids) {
        & "$Winget" 'list' '--id' $One.Id '--exact' '--accept-source-agreements' '--disable-interactivity' | Out-Null
        if ($LASTEXITCODE -eq 0) {
            New-Copy -Sort 'winget' -Name $One.Name -What $One.Id -Code $One.Id -Machine $true
        }
    }
}

function Find-Banned {
    Find-Package
    Find-Product
    Find-ById
}

$Winget = Get-Winget

function Invoke-Uninstall {
    param($Path, $Arguments, $Right)
    $Process = Start-Process -FilePath "$Path" -ArgumentList $Arguments -Wait -PassThru -WindowStyle Hidden
    if ($Right -notcontains $Process.ExitCode) {
        throw ('the uninstaller ended with ' + $Process.ExitCode)
    }
}

function Remove-Product {
    param($One)
    if (-not $One.Machine) {
        throw 'one user installed it; remove it in the session of that user'
    }
    $System = Join-Path -Path $env:SystemRoot -ChildPath 'System32'
    $Values = Get-ItemProperty -LiteralPath $One.What
    if ($Values.WindowsInstaller -eq 1) {
        $Arguments = @('/x', ('"' + $One.Code + '"'), '/qn', '/norestart')
        Invoke-Uninstall -Path (Join-Path -Path $System -ChildPath 'msiexec.exe') -Arguments $Arguments -Right @(0, 1605, 1641, 3010)
        return
    }
    if (-not $Values.QuietUninstallString) {
        throw 'its installer names no way to uninstall it without questions'
    }
    $Arguments = @('/d', '/s', '/c', ('"' + $Values.QuietUninstallString + '"'))
    Invoke-Uninstall -Path (Join-Path -Path $System -ChildPath 'cmd.exe') -Arguments $Arguments -Right @(0, 3010)
}

function Remove-ById {
    param($One)
    $Arguments = @('uninstall', '--id', $One.What, '--exact', '--source', 'winget', '--silent', '--all-versions', '--scope', 'machine')
    & "$Winget" $Arguments '--accept-source-agreements' '--disable-interactivity' | Out-Null
    if ($LASTEXITCODE -ne 0) {
        throw ('winget ended with ' + $LASTEXITCODE)
    }
}

function Remove-Copy {
    param($One)
    if ($One.Sort -eq 'package') {
        Remove-AppxPackage -AllUsers -Package $One.What
    }
    elseif ($One.Sort -eq 'provisioned') {
        Remove-AppxProvisionedPackage -Online -PackageName $One.What | Out-Null
    }
    elseif ($One.Sort -eq 'product') {
        Remove-Product -One $One
    }
    else {
        Remove-ById -One $One
    }
}

$Failed = 0
foreach ($One in @(Find-Banned)) {
    if (-not $Remove) {
        Write-Output ('would remove: ' + $One.Name + ', ' + $One.What)
        continue
    }
    try {
        Remove-Copy -One $One
        Write-Output ('removed: ' + $One.Name + ', ' + $One.What)
    }
    catch {
        $Failed += 1
        Write-Output ('not removed: ' + $One.Name + ', ' + $One.What + ': ' + $_.Exception.Message)
    }
}
if ($Failed -gt 0) {
    exit 1
}
exit 0
