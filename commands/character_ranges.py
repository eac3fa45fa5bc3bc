"""Sets of characters as ranges of hexadecimal code points. Written by `make contracts`.

The rules are in contracts/characters/__init__.py. Each set is a string, because nearly no invocation needs it parsed.
"""

from typing import Final

# In no text: controls, line and paragraph separators, format characters other than the two joiners, private use,
# surrogates, what is not assigned, and U+FFFD.
REFUSED: Final = """
0-1f 7f-9f ad 378-379 380-383 38b 38d 3a2 530 557 590 5ca-5cf 5eb-5ee 5f5-605 61c 6dd 70e-70f 74b-74c 7b2-7bf 7fb-7fc
82e-82f 83f 85c-85d 85f 86b-86f 890-896 8e2 984 98d-98e 991-992 9a9 9b1 9b3-9b5 9ba-9bb 9c5-9c6 9c9-9ca 9cf-9d6
9d8-9db 9de 9e4-9e5 9ff-a00 a04 a0b-a0e a11-a12 a29 a31 a34 a37 a3a-a3b a3d a43-a46 a49-a4a a4e-a50 a52-a58 a5d
a5f-a65 a77-a80 a84 a8e a92 aa9 ab1 ab4 aba-abb ac6 aca ace-acf ad1-adf ae4-ae5 af2-af8 b00 b04 b0d-b0e b11-b12 b29
b31 b34 b3a-b3b b45-b46 b49-b4a b4e-b52 b58-b5b b5e b64-b65 b78-b81 b84 b8b-b8d b91 b96-b98 b9b b9d ba0-ba2 ba5-ba7
bab-bad bba-bbd bc3-bc5 bc9 bce-bcf bd1-bd6 bd8-be5 bfb-bff c0d c11 c29 c3a-c3b c45 c49 c4e-c54 c57 c5b c5e-c5f
c64-c65 c70-c76 c8d c91 ca9 cb4 cba-cbb cc5 cc9 cce-cd4 cd7-cdb cdf ce4-ce5 cf0 cf4-cff d0d d11 d45 d49 d50-d53
d64-d65 d80 d84 d97-d99 db2 dbc dbe-dbf dc7-dc9 dcb-dce dd5 dd7 de0-de5 df0-df1 df5-e00 e3b-e3e e5c-e80 e83 e85 e8b
ea4 ea6 ebe-ebf ec5 ec7 ecf eda-edb ee0-eff f48 f6d-f70 f98 fbd fcd fdb-fff 10c6 10c8-10cc 10ce-10cf 1249 124e-124f
1257 1259 125e-125f 1289 128e-128f 12b1 12b6-12b7 12bf 12c1 12c6-12c7 12d7 1311 1316-1317 135b-135c 137d-137f
139a-139f 13f6-13f7 13fe-13ff 169d-169f 16f9-16ff 1716-171e 1737-173f 1754-175f 176d 1771 1774-177f 17de-17df
17ea-17ef 17fa-17ff 180e 181a-181f 1879-187f 18ab-18af 18f6-18ff 191f 192c-192f 193c-193f 1941-1943 196e-196f
1975-197f 19ac-19af 19ca-19cf 19db-19dd 1a1c-1a1d 1a5f 1a7d-1a7e 1a8a-1a8f 1a9a-1a9f 1aae-1aaf 1af1-1aff 1b4d
1bf4-1bfb 1c38-1c3a 1c4a-1c4c 1c8b-1c8f 1cbb-1cbc 1cc8-1ccf 1cfb-1cff 1f16-1f17 1f1e-1f1f 1f46-1f47 1f4e-1f4f 1f58
1f5a 1f5c 1f5e 1f7e-1f7f 1fb5 1fc5 1fd4-1fd5 1fdc 1ff0-1ff1 1ff5 1fff 200b 200e-200f 2028-202e 2060-206f 2072-2073
20c5-20cf 20f1-20ff 218c-218f 242a-243f 244b-245f 2b74-2b75 2cf4-2cf8 2d26 2d28-2d2c 2d2e-2d2f 2d68-2d6e 2d71-2d7e
2d97-2d9f 2da7 2daf 2db7 2dbf 2dc7 2dcf 2dd7 2ddf 2e5e-2e5f 2e64-2e7f 2e9a 2ef4-2eff 2fd6-2fef 3040 3097-3098
3100-3104 3130 318f 31e6-31ee 321f a48d-a48f a4c7-a4cf a62c-a63f a6f8-a6ff a7de-a7e1 a7e3-a7f0 a82d-a82f a83a-a83f
a878-a87f a8c6-a8cd a8da-a8df a954-a95e a97d-a97f a9ce a9da-a9dd a9ff aa37-aa3f aa4e-aa4f aa5a-aa5b aac3-aada
aaf7-ab00 ab07-ab08 ab0f-ab10 ab17-ab1f ab27 ab2f ab6e-ab6f abee-abef abfa-abff d7a4-d7af d7c7-d7ca d7fc-f8ff
fa6e-fa6f fada-faff fb07-fb12 fb18-fb1c fb37 fb3d fb3f fb42 fb45 fdd0-fdef fe1a-fe1f fe53 fe67 fe6c-fe6f fe75
fefd-ff00 ffbf-ffc1 ffc8-ffc9 ffd0-ffd1 ffd8-ffd9 ffdd-ffdf ffe7 ffef-fffb fffd-ffff 1000c 10027 1003b 1003e
1004e-1004f 1005e-1007f 100fb-100ff 10103-10106 10134-10136 1018f 1019d-1019f 101a1-101cf 101fe-1027f 1029d-1029f
102d1-102df 102fc-102ff 10324-1032c 1034b-1034f 1037b-1037f 1039e 103c4-103c7 103d6-103ff 1049e-1049f 104aa-104af
104d4-104d7 104fc-104ff 10528-1052f 10564-1056e 1057b 1058b 10593 10596 105a2 105b2 105ba 105bd-105bf 105f4-105ff
10737-1073f 10756-1075f 10768-1077f 10786 107b1 107c0-107ff 10806-10807 10809 10836 10839-1083b 1083d-1083e 10856
1089f-108a6 108b0-108df 108f3 108f6-108fa 1091c-1091e 1093a-1093e 1095a-1097f 109b8-109bb 109d0-109d1 10a04
10a07-10a0b 10a14 10a18 10a36-10a37 10a3b-10a3e 10a49-10a4f 10a59-10a5f 10aa0-10abf 10ae7-10aea 10af7-10aff
10b36-10b38 10b56-10b57 10b73-10b77 10b92-10b98 10b9d-10ba8 10bb0-10bff 10c49-10c7f 10cb3-10cbf 10cf3-10cf9
10d28-10d2f 10d3a-10d3f 10d66-10d68 10d86-10d8d 10d90-10e5f 10e7f 10eaa 10eae-10eaf 10eb2-10ec1 10ec8 10eef
10f28-10f2f 10f5a-10f6f 10f8a-10faf 10fcc-10fdf 10ff7-10fff 1104e-11051 11076-1107e 110bd 110c3-110cf 110e9-110ef
110fa-110ff 11135 11148-1114f 11177-1117f 111e0 111f5-111ff 11212 11242-1127f 11287 11289 1128e 1129e 112aa-112af
112eb-112ef 112fa-112ff 11304 1130d-1130e 11311-11312 11329 11331 11334 1133a 11345-11346 11349-1134a 1134e-1134f
11351-11356 11358-1135c 11364-11365 1136d-1136f 11375-1137f 1138a 1138c-1138d 1138f 113b6 113c1 113c3-113c4 113c6
113cb 113d6 113d9-113e0 113e3-113ff 1145c 11462-1147f 114c8-114cf 114da-1157f 115b6-115b7 115de-115ff 11645-1164f
1165a-1165f 1166d-1167f 116ba-116bf 116ca-116cf 116e4-116ff 1171b-1171c 1172c-1172f 11747-117ff 1183c-1189f
118f3-118fe 11907-11908 1190a-1190b 11914 11917 11936 11939-1193a 11947-1194f 1195a-1199f 119a8-119a9 119d8-119d9
119e5-119ff 11a48-11a4f 11aa3-11aaf 11af9-11aff 11b0b-11b5f 11b68-11bbf 11be2-11bef 11bfa-11bff 11c09 11c37
11c46-11c4f 11c6d-11c6f 11c90-11c91 11ca8 11cb7-11cff 11d07 11d0a 11d37-11d39 11d3b 11d3e 11d48-11d4f 11d5a-11d5f
11d66 11d69 11d8f 11d92 11d99-11d9f 11daa-11daf 11ddc-11ddf 11dea-11def 11df2-11edf 11ef9-11eff 11f11 11f3b-11f3d
11f5b-11faf 11fb1-11fbf 11ff2-11ffe 1239a-123ff 12544-1254f 12687-12f8f 12ff3-12fff 13430-1343f 13456-1345f
143fb-143ff 14647-160ff 1613a-167ff 16a39-16a3f 16a5f 16a6a-16a6d 16abf 16aca-16acf 16aee-16aef 16af6-16aff
16b46-16b4f 16b5a 16b62 16b78-16b7c 16b90-16d3f 16d7a-16e3f 16e9b-16e9f 16eb9-16eba 16ed4-16eff 16f4b-16f4e
16f88-16f8e 16fa0-16fdf 16fe5-16fef 16ff7-16fff 18cdb-18cfe 18d21-18d7f 18df3-18dff 19192-1919f 191d3-1afef 1aff4
1affc 1afff 1b129-1b131 1b133-1b14f 1b153-1b154 1b156-1b163 1b169-1b16f 1b2fc-1bbff 1bc6b-1bc6f 1bc7d-1bc7f
1bc89-1bc8f 1bc9a-1bc9b 1bca0-1cbff 1ccfd-1ccff 1ceb4-1ceb9 1ced1 1ced5-1cedc 1cefe-1ceff 1cf2e-1cf2f 1cf47-1cf4f
1cfc4-1cfff 1d0f6-1d0ff 1d173-1d17a 1d246-1d24f 1d282-1d2bf 1d2d4-1d2df 1d2f4-1d2ff 1d357-1d35f 1d379-1d3ff 1d455
1d49d 1d4a0-1d4a1 1d4a3-1d4a4 1d4a7-1d4a8 1d4ad 1d4ba 1d4bc 1d4c4 1d506 1d50b-1d50c 1d515 1d51d 1d53a 1d53f 1d545
1d547-1d549 1d551 1d6a7 1d7cc-1d7cd 1da8c-1da9a 1daa0 1dab0-1daff 1db1d-1deff 1df82-1df8f 1df97-1dfcc 1e007
1e019-1e01a 1e022 1e025 1e02b-1e02f 1e06e-1e08e 1e090-1e0ff 1e12d-1e12f 1e13e-1e13f 1e14a-1e14d 1e150-1e28f
1e2af-1e2bf 1e2fa-1e2fe 1e300-1e4cf 1e4fa-1e5cf 1e5fb-1e5fe 1e600-1e6bf 1e6df 1e6f6-1e6fd 1e700-1e7df 1e7e7 1e7ec
1e7ef 1e7ff 1e8c5-1e8c6 1e8d7-1e8ff 1e94c-1e94f 1e95a-1e95d 1e960-1ec70 1ecb5-1ed00 1ed3e-1edff 1ee04 1ee20 1ee23
1ee25-1ee26 1ee28 1ee33 1ee38 1ee3a 1ee3c-1ee41 1ee43-1ee46 1ee48 1ee4a 1ee4c 1ee50 1ee53 1ee55-1ee56 1ee58 1ee5a
1ee5c 1ee5e 1ee60 1ee63 1ee65-1ee66 1ee6b 1ee73 1ee78 1ee7d 1ee7f 1ee8a 1ee9c-1eea0 1eea4 1eeaa 1eebc-1eeef
1eef2-1efff 1f02c-1f02f 1f094-1f09f 1f0af-1f0b0 1f0c0 1f0d0 1f0f6-1f0ff 1f1af-1f1e5 1f203-1f20f 1f23c-1f23f
1f249-1f24f 1f252-1f25f 1f266-1f2ff 1f6da-1f6db 1f6ed-1f6ef 1f6fd-1f6ff 1f7dc-1f7df 1f7ec-1f7ef 1f80c-1f80f
1f848-1f84f 1f85a-1f85f 1f888-1f88f 1f8ae-1f8af 1f8bc-1f8bf 1f8c2-1f8cf 1f8d9-1f8ff 1fa58-1fa5f 1fa6e-1fa6f
1fa7d-1fa7f 1fac7 1fac9-1facb 1fade 1faec-1faee 1fafb-1faff 1fb93 1fbfb-1ffff 2a6e0-2a6ff 2b81f 2ceae-2ceaf
2ebe1-2ebef 2ee5e-2f7ff 2fa1e-2ffff 3134b-3134f 3347a-3cfff 3fc40-e00ff e01f0-10ffff
"""

# Trimmed at the ends of a text. Inside, what is not refused becomes a space.
WHITE_SPACE: Final = """
9-d 20 85 a0 1680 2000-200a 2028-2029 202f 205f 3000
"""

# Allowed inside words only.
JOIN_CONTROL: Final = """
200c-200d
"""

# Drawn as nothing, and not white space: default-ignorable, or blank by name.
BLANK: Final = """
ad 34f 61c 115f-1160 17b4-17b5 180b-180f 200b-200f 202a-202e 2060-206f 2800 3164 fe00-fe0f feff ffa0 fff0-fff8
13430-1345f 16fe4 1bca0-1bca3 1d159 1d173-1d17a e0000-e0fff
"""

# In no domain: ASCII other than letters, digits, hyphen and dot, and what IDNA disallows. Characters of the sets
# above may be in it or not.
NOT_IN_DOMAIN: Final = """
0-2c 2f 3a-40 5b-60 7b-a9 ab-b1 b4 b6 b8 bb-bf d7 f7 2c2-2c5 2d2-2df 2e5-2eb 2ed 2ef-2ff 37a 37e 384-385 3f6 482
488-489 55a-55f 589-58a 58d-58f 5be 5c0 5c3 5c6 600-60f 61b-61f 640 66a-66d 6d4 6dd-6de 6e9 700-70f 7f6-7fa 7fe-7ff
830-83e 85e 888 890-891 8e2 964-965 970 9f2-9fb 9fd a76 af0-af1 b70 b72-b77 bf0-bfa c77-c7f c84 d4f d58-d5e d70-d79
df4 e3f e4f e5a-e5b f01-f0a f0d-f17 f1a-f1f f2a-f34 f36 f38 f3a-f3d f85 fbe-fc5 fc7-fda 104a-104f 109e-109f 10fb
1100-11ff 1360-137c 1390-1399 1400 166d-166e 1680 169b-169c 16eb-16f0 1735-1736 17d4-17d6 17d8-17db 17f0-180a
1940-1945 19da-19ff 1a1e-1a1f 1aa0-1aa6 1aa8-1aad 1abe 1b4e-1b4f 1b5a-1b6a 1b74-1b7f 1bfc-1bff 1c3b-1c3f 1c7e-1c7f
1cc0-1cc7 1cd3 1fbd 1fbf-1fc1 1fcd-1fcf 1fdd-1fdf 1fed-1fef 1ffd-2069 207a-207e 208a-208e 20a0-20a7 20a9-2101
2103-2106 2108-2109 2114 2117-2118 211e-211f 2123 2125 2127 2129 212e 213a 2140-2144 214a-214d 214f-215f 2180-2182
2185-244a 2474-24b5 24eb-2bff 2ce5-2cea 2cf9-2cff 2d70 2e00-2e2e 2e30-2e9e 2ea0-2ef2 2ff0-3004 3008-3029 302e-3037
303b 303d-303f 309b-309c 30a0 3131-3191 31c0-31ef 3200-3243 3248-324f 3260-326d 327f 33a7-33a8 33ae-33af 33c2
33c6-33c7 33d8 33de-33df 4dc0-4dff a490-a4c6 a4fe-a4ff a60d-a60f a670-a673 a67e a6e6-a6ef a6f2-a716 a720-a721
a789-a78a a828-a82b a830-a839 a874-a877 a8ce-a8cf a8f8-a8fa a8fc a92e-a92f a95f-a97c a9c1-a9cd a9de-a9df aa5c-aa5f
aa77-aa79 aade-aadf aaf0-aaf1 ab5b ab6a-ab6b abeb d7b0-d7fb fb29 fbb2-fbd2 fc5e-fc63 fcf2-fcf4 fd3e-fd4f fd90-fd91
fdc8-fdcf fdfa-fdfb fdfd-fe19 fe30-fe62 fe64-fe72 fe74-fe7f ff01-ff0c ff0e-ff0f ff1a-ff20 ff3b-ff40 ff5b-ff64
ffa1-fffd 10100-101fc 102e1-102fb 10320-10323 10341 1034a 1039f 103d0-103d5 1056f 10857-1085f 10877-1087f 108a7-108af
108fb-108ff 10916-1091f 1093f 109bc-109bd 109c0-109ff 10a40-10a58 10a7d-10a7f 10a9d-10a9f 10ac8 10aeb-10af6
10b39-10b3f 10b58-10b5f 10b78-10b7f 10b99-10baf 10cfa-10cff 10d6e 10d8e-10e7e 10ead 10ec9-10eca 10ed0-10ed8
10f1d-10f26 10f51-10f59 10f86-10f89 10fc5-10fcb 11047-11065 110bb-110c1 110cd 11140-11143 11174-11175 111c5-111c8
111cd 111db 111dd-111f4 11238-1123d 112a9 113d4-113d8 1144b-1144f 1145a-1145d 114c6 115c1-115d7 11641-11643
11660-1166c 116b9 1173a-1173f 1183b 118ea-118f2 11944-11946 119e2 11a3f-11a46 11a9a-11a9c 11a9e-11aa2 11b00-11b09
11be1 11c41-11c45 11c5a-11c71 11ef7-11ef8 11f43-11f4f 11fc0-11fff 12400-1247f 12550-12686 12ff1-12ff2 13430-1343f
16a6e-16a6f 16af5 16b37-16b3f 16b44-16b45 16b5b-16b61 16d6d-16d6f 16e80-16e9a 16fe2 16ff4-16ff6 1bc9c 1bc9f-1ccd5
1ccfa-1cefd 1cf50-1d245 1d253-1d25a 1d25d-1d25e 1d260-1d27f 1d2c0-1d378 1d6c1 1d6db 1d6fb 1d715 1d735 1d74f 1d76f
1d789 1d7a9 1d7c3 1d800-1d9ff 1da37-1da3a 1da6d-1da74 1da76-1da83 1da85-1da8b 1db00-1db1c 1e14f 1e2ff 1e5ff
1e8c7-1e8cf 1e95e-1ed3d 1eef0-1f12a 1f12f 1f150-1f169 1f16d-1f18f 1f191-1f1ff 1f240-1f248 1f260-1fbef 1fbfa
e0001-e007f
"""
